import Foundation
import Testing

/// What `Documentation` tells its reader to type does what it says.
@Suite struct TourTests {
    @Test(arguments: try Chapter.all(in: "en")) func `what a chapter says comes true`(
        chapter: Chapter
    ) throws {
        let kade = try Kade(in: NetworkNamespace())
        let outcome = try chapter.run(with: kade)
        #expect(outcome.exitCode == 0, "\(outcome.output)")
        chapter.check(outcome.output)
    }

    @Test func `the errors that users meet most say what, why and what to do`() throws {
        let kade = try Kade(in: NetworkNamespace())
        let errors = try Chapter(file: "errors.md")
        #expect(errors.blocks.count > 30)
        errors.check(try errors.run(with: kade, endsAtFailure: false).output)
    }

    @Test func `Dutch readers type the same`() throws {
        let english = try Chapter.all(in: "en")
        let dutch = try Chapter.all(in: "nl")
        #expect(!english.isEmpty && dutch.map(\.name) == english.map(\.name))
        for (one, other) in zip(english, dutch) {
            #expect(one.blocks == other.blocks, "\(one.name)")
        }
    }
}

/// A chapter: what it has its reader type, and what that prints.
struct Chapter: CustomTestStringConvertible {
    /// Commands, and the output that the text shows after them; "…" stands for anything.
    struct Block: Equatable {
        var commands: String
        var expected = ""
    }

    let name: String
    let blocks: [Block]

    var testDescription: String { name }

    private static let tour = URL(fileURLWithPath: #filePath)
        .appending(path: "../../../../Documentation/tour").standardized

    /// The chapters in a language, in their order.
    static func all(in language: String) throws -> [Chapter] {
        let folder = tour.appending(path: language)
        return try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
            .map { try Chapter(file: "tour/\(language)/\($0)") }
    }

    /// Reads a file of `Documentation`.
    init(file: String) throws {
        let path = Self.tour.deletingLastPathComponent().appending(path: file)
        name = path.lastPathComponent
        blocks = Self.blocks(of: try String(contentsOf: path, encoding: .utf8))
    }

    private static func blocks(of text: String) -> [Block] {
        var blocks: [Block] = []
        for match in text.matches(of: /```(sh|text)\n((?:[^`]|`[^`])*?)```/) {
            if match.1 == "sh" {
                blocks.append(Block(commands: String(match.2)))
            } else if !blocks.isEmpty {
                blocks[blocks.count - 1].expected += match.2
            }
        }
        return blocks
    }

    /// Makes the image and types everything into one shell, in an empty directory.
    ///
    /// - Parameters:
    ///   - kade: the instance that commands use.
    ///   - endsAtFailure: whether no command may fail; otherwise each block prints, at its end, the
    ///     exit code of its last command.
    /// - Returns: what the shell printed.
    /// - Throws: when it cannot be started.
    func run(with kade: Kade, endsAtFailure: Bool = true) throws -> Tool.Outcome {
        let end = endsAtFailure ? "" : "echo \"(exit code $?)\"\n"
        let script = blocks.map { "echo '\(Self.mark)'\n\($0.commands)\(end)" }.joined()
        let place = kade.folder.at("reader")
        let programs = URL(fileURLWithPath: BuiltProgram.path("kade")).deletingLastPathComponent()
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/sbin:/usr/bin:/sbin:/bin"
        let start = """
            mkdir "$1" && cd "$1" && "$2/begin" > begun && exec sh $4 "$3" 2>&1
            """
        return try Tool.start(
            (kade.namespace?.entry ?? [])
                + [
                    "sh", "-c", start, "sh", place, Self.tour.path, script,
                    endsAtFailure ? "-ec" : "-c",
                ],
            environment: kade.environment.merging([
                "KADE_ROOT": kade.root, "KADE_RUNROOT": kade.runRoot,
                "PATH": "\(programs.path):\(path)",
            ]) { $1 }
        ).wait()
    }

    /// Expects of each block what the text shows.
    func check(_ output: String) {
        let outputs = Self.outputs(in: output)
        #expect(outputs.count == blocks.count)
        for (block, output) in zip(blocks, outputs) {
            #expect(
                block.expects(output),
                "\(block.commands)printed\n\(output)in place of\n\(block.expected)")
        }
    }

    /// What each block has printed.
    private static func outputs(in text: String) -> [String] {
        text.components(separatedBy: mark + "\n").dropFirst().map { $0 }
    }

    private static let mark = "--- the next commands of the chapter ---"
}

extension Chapter.Block {
    /// Whether a text is what the chapter shows: a line of "…" are any lines, and "…" within a line
    /// any characters.
    func expects(_ output: String) -> Bool {
        Self.matches(expected.lines[...], output.lines[...])
    }

    private static func matches(
        _ expected: ArraySlice<Substring>, _ lines: ArraySlice<Substring>
    ) -> Bool {
        guard let first = expected.first else { return lines.isEmpty }
        if first == "…" {
            return (lines.startIndex...lines.endIndex).contains {
                matches(expected.dropFirst(), lines[$0...])
            }
        }
        guard let line = lines.first, matches(first, line) else { return false }
        return matches(expected.dropFirst(), lines.dropFirst())
    }

    private static func matches(_ expected: Substring, _ line: Substring) -> Bool {
        let parts = expected.components(separatedBy: "…")
        guard parts.count > 1 else { return expected == line }
        var rest = line
        for (index, part) in parts.enumerated() {
            if index == 0 {
                guard rest.hasPrefix(part) else { return false }
                rest = rest.dropFirst(part.count)
            } else if index == parts.count - 1 {
                return rest.hasSuffix(part)
            } else {
                guard let found = rest.range(of: part) else { return false }
                rest = rest[found.upperBound...]
            }
        }
        return true
    }
}

extension String {
    fileprivate var lines: [Substring] {
        var lines = split(separator: "\n", omittingEmptySubsequences: false)
        if lines.last == "" { lines.removeLast() }
        return lines
    }
}
