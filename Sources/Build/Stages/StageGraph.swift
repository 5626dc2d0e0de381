package import Diagnostics
package import OCI

/// The stages of a Dockerfile, what each begins with, and which of them the target needs.
package struct StageGraph: Sendable, Equatable {
    package let nodes: [Node]
    /// The stage that becomes the image.
    package let target: Int
    /// The target and all that it leads to, in the order of the file.
    package let needed: [Int]

    /// A stage and what it leads to.
    package struct Node: Sendable, Equatable {
        package var stage: Dockerfile.Stage
        package var base: Base
        /// Earlier stages that it takes files from, as far as that can be seen beforehand.
        package var sources: Set<Int>
    }

    /// What a stage begins with.
    package enum Base: Sendable, Equatable {
        /// Nothing at all: `FROM scratch`.
        case scratch
        /// An earlier stage.
        case stage(Int)
        case image(name: String, platform: Platform?)
    }

    /// Finds out what leads where.
    ///
    /// - Parameters:
    ///   - dockerfile: the stages.
    ///   - arguments: the values for FROM.
    ///   - target: `--target`, a name or number; nil is the last stage.
    /// - Throws: `.invalid` for what FROM cannot mean, `.notFound` for the target.
    package init(
        _ dockerfile: Dockerfile, arguments: BuildArguments, target: String?
    ) throws(Problem) {
        var nodes: [Node] = []
        for (index, stage) in dockerfile.stages.enumerated() {
            let base = try Self.base(of: stage, index, dockerfile, arguments)
            var sources = Set(
                stage.instructions.flatMap { Self.references(of: $0.instruction) }
                    .compactMap { Self.stage(named: $0, before: index, in: dockerfile) })
            if case .stage(let earlier) = base {
                // Its ONBUILD triggers are this stage's first instructions.
                for trigger in dockerfile.stages[earlier].instructions {
                    guard case .onBuild(let text) = trigger.instruction else { continue }
                    let placed = try PlacedInstruction(trigger: text, image: stage.base)
                    sources.formUnion(
                        Self.references(of: placed.instruction).compactMap {
                            Self.stage(named: $0, before: index, in: dockerfile)
                        })
                }
            }
            nodes.append(Node(stage: stage, base: base, sources: sources))
        }
        self.nodes = nodes
        self.target = try Self.target(target, in: dockerfile)
        needed = Self.needed(from: self.target, in: nodes)
    }

    /// The earlier stage that a name or number means; nil when it means none.
    package static func stage(
        named text: String, before index: Int, in dockerfile: Dockerfile
    ) -> Int? {
        let name = text.lowercased()
        // Of two stages of one name the later one is meant.
        if let found = dockerfile.stages[..<index].lastIndex(where: { $0.name == name }) {
            return found
        }
        guard let number = Int(text), (0..<index).contains(number) else { return nil }
        return number
    }

    private static func base(
        of stage: Dockerfile.Stage, _ index: Int, _ dockerfile: Dockerfile,
        _ arguments: BuildArguments
    ) throws(Problem) -> Base {
        let name = try arguments.expanded(stage.base, of: stage, in: dockerfile)
        guard !name.isEmpty else {
            throw stage.source.problem(
                "base name (\(stage.base)) should not be blank",
                fix: "give the argument a default, or pass it with --build-arg")
        }
        // A number is no stage here: it may be an image's name.
        let lowered = name.lowercased()
        if let earlier = dockerfile.stages[..<index].lastIndex(where: { $0.name == lowered }) {
            return .stage(earlier)
        }
        if name == "scratch" { return .scratch }
        do throws(Problem) {
            let platform = try stage.platform.map { text throws(Problem) in
                try arguments.expanded(text, of: stage, in: dockerfile)
            }
            return .image(
                name: name,
                platform: try platform.flatMap { text throws(Problem) in
                    text.isEmpty ? nil : try Platform(parsing: text)
                })
        } catch {
            throw stage.source.problem(error)
        }
    }

    /// What `--from` and `from=` of an instruction name.
    private static func references(of instruction: Instruction) -> [String] {
        switch instruction {
        case .copy(let copy): return [copy.from].compactMap(\.self)
        case .run(let run):
            return run.mounts.flatMap { mount in
                mount.split(separator: ",").compactMap { field in
                    field.lowercased().hasPrefix("from=") ? String(field.dropFirst(5)) : nil
                }
            }
        default: return []
        }
    }

    private static func target(
        _ text: String?, in dockerfile: Dockerfile
    ) throws(Problem) -> Int {
        let count = dockerfile.stages.count
        guard let text, !text.isEmpty else { return count - 1 }
        if let index = stage(named: text, before: count, in: dockerfile) { return index }
        let names = dockerfile.stages.compactMap(\.name)
        throw Problem(
            kind: .notFound, what: "cannot build --target \(text)",
            why: "target stage \"\(text)\" could not be found",
            fix: names.isEmpty ? nil : "stages are \(names.joined(separator: ", "))")
    }

    private static func needed(from target: Int, in nodes: [Node]) -> [Int] {
        var found: Set<Int> = []
        var open = [target]
        while let index = open.popLast() {
            guard found.insert(index).inserted else { continue }
            open += nodes[index].sources
            if case .stage(let base) = nodes[index].base { open.append(base) }
        }
        return found.sorted()
    }
}
