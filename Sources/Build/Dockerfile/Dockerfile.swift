package import Diagnostics

/// A Dockerfile that was read: its directives, the arguments before the first FROM, its stages.
package struct Dockerfile: Sendable, Equatable {
    package var directives: ParserDirectives
    /// ARG before the first FROM.
    package var globalArguments: [PlacedArguments]
    package var stages: [Stage]

    /// Arguments that one ARG declares.
    package struct PlacedArguments: Sendable, Equatable {
        package var declarations: [ArgumentDeclaration]
        package var source: SourceText
        /// The comments right above it.
        package var comments: [String] = []
    }

    /// FROM and all up to the next one.
    package struct Stage: Sendable, Equatable {
        /// `AS name`, in lower case.
        package var name: String?
        /// What it begins with: an image, `scratch` or an earlier stage; still to be expanded.
        package var base: String
        /// `--platform`, still to be expanded.
        package var platform: String?
        package var source: SourceText
        /// The comments right above it.
        package var comments: [String] = []
        package var instructions: [PlacedInstruction]
    }

    /// Reads a Dockerfile.
    ///
    /// - Parameters:
    ///   - content: the file's bytes.
    ///   - file: its name for errors.
    /// - Throws: `.invalid` with the file, the line and its text.
    package init(parsing content: [UInt8], file: String) throws(Problem) {
        let lines = try LogicalLines(content, file: file)
        directives = lines.directives
        globalArguments = []
        stages = []
        for line in lines.lines {
            do throws(ShellMistake) {
                try add(line)
            } catch {
                throw line.source.problem(error.why)
            }
        }
        guard !stages.isEmpty else {
            throw Problem(
                kind: .invalid, what: "cannot build \(file)", why: "it has no FROM",
                fix: "begin it with FROM and an image, or FROM scratch")
        }
    }

    /// Takes the names from stages that are named contexts now (`--build-context`).
    mutating func giveWay(to contexts: Set<String>) {
        for index in stages.indices where stages[index].name.map(contexts.contains) == true {
            stages[index].name = nil
        }
    }

    private mutating func add(_ line: LogicalLine) throws(ShellMistake) {
        let parts = try InstructionText(line)
        if parts.name == "FROM" { return stages.append(try stage(parts)) }
        let instruction = try parts.instruction()
        guard stages.isEmpty else {
            var placed = PlacedInstruction(
                instruction: instruction, source: line.source, text: parts.historyText)
            placed.comments = line.comments
            stages[stages.count - 1].instructions.append(placed)
            return
        }
        guard case .argument(let declarations) = instruction else {
            throw ShellMistake("no build stage in current context: begin with FROM")
        }
        globalArguments.append(
            PlacedArguments(
                declarations: declarations, source: line.source, comments: line.comments))
    }

    private func stage(_ parts: InstructionText) throws(ShellMistake) -> Stage {
        var flags = try parts.flags()
        let words = flags.rest.split(whereSeparator: \.isWhitespace).map(String.init)
        guard words.count == 1 || (words.count == 3 && words[1].lowercased() == "as") else {
            throw ShellMistake("FROM requires either one or three arguments")
        }
        var stage = Stage(
            name: nil, base: words[0], platform: try flags.value("platform"),
            source: parts.line.source, comments: parts.line.comments, instructions: [])
        try flags.finish()
        guard words.count == 3 else { return stage }
        let name = words[2].lowercased()
        guard Self.isValid(stageName: name) else {
            throw ShellMistake(
                "invalid name for build stage: \"\(words[2])\", name can't start with a number or "
                    + "contain symbols")
        }
        stage.name = name
        return stage
    }

    /// Letters, digits, `-`, `_` and `.`, with a letter first.
    private static func isValid(stageName name: String) -> Bool {
        guard let first = name.utf8.first, Byte.isLetter(first) else { return false }
        return name.utf8.allSatisfy {
            Byte.isNamePart($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".")
        }
    }
}

extension PlacedInstruction {
    /// Reads an instruction that an image stores for builds on top of it (ONBUILD).
    init(trigger text: String, image: String) throws(Problem) {
        let lines = try LogicalLines(Array(text.utf8), file: "ONBUILD of \(image)")
        guard let line = lines.lines.first, lines.lines.count == 1 else {
            throw Problem(
                kind: .invalid, what: "cannot build on \(image)",
                why: "its ONBUILD trigger '\(text)' is not one instruction")
        }
        do throws(ShellMistake) {
            let parts = try InstructionText(line)
            self.init(
                instruction: try parts.instruction(), source: line.source, text: parts.historyText)
        } catch {
            throw line.source.problem(error.why)
        }
    }
}
