import Diagnostics
import Engine
import OCI

/// `kade inspect`: all that Kade knows of objects of any kind, as JSON.
struct InspectCommand: Command {
    var flags = InspectFlags()
    var type: InspectedType?

    static var selection: ContainerSelection? { .one }

    static var grammar: Grammar<InspectCommand> {
        Grammar(
            name: "inspect", synopsis: "[OPTIONS] NAME|ID [NAME|ID...]",
            summary: "Return low-level information on objects of any kind",
            flags: InspectFlags.flags.map { $0.lifted(to: \.flags) } + [
                .value(
                    "type", "t", "string", "Only inspect objects of the given type", \.type,
                    InspectedType.parse)
            ], operands: .atLeast(1), operandKind: .containers, assign: { $0.flags.names = $1 })
    }

    func run(in session: Session) throws(Problem) -> ExitCode {
        let engine = try session.engine()
        return try flags.run(in: session) { name throws(Problem) in
            // In Docker's order, which decides where a container and a volume have one name.
            for candidate in InspectedType.allCases where (type ?? candidate) == candidate {
                do throws(Problem) {
                    switch candidate {
                    case .container:
                        return try engine.containers.inspect(name, includingSize: flags.showsSize)
                    case .image: return try engine.images.inspect(name, platform: nil)
                    case .network: return try engine.networks.inspect(name)
                    case .volume: return try engine.volumes.inspect(name)
                    case .secret: return try engine.secrets.inspect(name)
                    }
                } catch {
                    guard error.kind == .notFound, type == nil else { throw error }
                }
            }
            throw Problem(
                kind: .notFound, what: "no such object", why: name,
                fix: "see 'kade ps -a', 'kade images' and 'kade network|volume|secret ls'")
        }
    }
}

/// `kade container inspect`.
struct InspectContainerCommand: Command {
    var flags = InspectFlags()

    static var selection: ContainerSelection? { .one }

    static var grammar: Grammar<InspectContainerCommand> {
        Grammar(
            name: "inspect", synopsis: "[OPTIONS] CONTAINER [CONTAINER...]",
            summary: "Display detailed information on one or more containers",
            flags: InspectFlags.flags.map { $0.lifted(to: \.flags) },
            operands: .atLeast(1), operandKind: .containers, assign: { $0.flags.names = $1 })
    }

    func run(in session: Session) throws(Problem) -> ExitCode {
        let containers = try session.engine().containers
        return try flags.run(in: session) { name throws(Problem) in
            try containers.inspect(name, includingSize: flags.showsSize)
        }
    }
}

/// `kade image inspect`.
struct InspectImageCommand: Command {
    var flags = InspectFlags()
    var platform: String?

    static var grammar: Grammar<InspectImageCommand> {
        Grammar(
            name: "inspect", synopsis: "[OPTIONS] IMAGE [IMAGE...]",
            summary: "Display detailed information on one or more images",
            flags: InspectFlags.flags.map { $0.lifted(to: \.flags) } + [
                .text(
                    "platform", nil, "string",
                    "Inspect the given platform of a multi-platform image", \.platform)
            ], operands: .atLeast(1), operandKind: .images, assign: { $0.flags.names = $1 })
    }

    func run(in session: Session) throws(Problem) -> ExitCode {
        let images = try session.engine().images
        return try flags.run(in: session) { name throws(Problem) in
            try images.inspect(name, platform: platform)
        }
    }
}

/// `--type` of `inspect`.
enum InspectedType: String, CaseIterable {
    case container, image, network, volume, secret

    static func parse(_ text: String) throws(InvalidValue) -> InspectedType {
        guard let type = InspectedType(rawValue: text) else {
            throw InvalidValue(
                "\"\(text)\" is not a valid value for --type",
                fix: "container, image, network, volume or secret")
        }
        return type
    }
}

/// What the three inspect commands share.
struct InspectFlags {
    var format: String?
    var showsSize = false
    var names: [String] = []

    static var flags: [Flag<InspectFlags>] {
        [
            .text(
                "format", "f", "string",
                "Format output using a custom template: 'json' or 'TEMPLATE'", \.format),
            .switch(
                "size", "s", "Display total file sizes if the type is container", \.showsSize),
        ]
    }

    /// Prints what is found, then complains of what is not, as Docker does.
    func run(
        in session: Session, _ look: (String) throws(Problem) -> JSONValue
    ) throws(Problem) -> ExitCode {
        let objectFormat: ObjectFormat? = if let format { try ObjectFormat(format) } else { nil }
        var found: [JSONValue] = []
        var problems: [Problem] = []
        for name in names {
            do throws(Problem) { found.append(try look(name)) } catch { problems.append(error) }
        }
        if let objectFormat {
            for value in found { try session.output.writeLine(try objectFormat.text(of: value)) }
        } else {
            try session.output.writeLine(JSONValue.array(found).jsonString(.indented))
        }
        for problem in problems {
            try session.error.write(ProblemText.text(of: problem, level: session.globals.level))
        }
        return problems.isEmpty ? .success : .failure
    }
}
