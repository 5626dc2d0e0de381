import Diagnostics
import Testing

@testable import cli

/// The command lines of other engines, as their help prints them.
enum PeerCommands {
    /// A command, and what its flags are called.
    struct Line: CustomTestStringConvertible {
        let words: [String]
        let flags: [PeerFlag]

        var testDescription: String { words.joined(separator: " ") }
    }

    struct PeerFlag {
        let name: String
        let letter: Character?
    }

    static let all = lines(of: docker) + lines(of: podman)

    private static func lines(of text: String) -> [Line] {
        text.split(separator: "\n").map { line in
            let parts = line.split(separator: ":", maxSplits: 1)
            let flags = (parts.count > 1 ? parts[1] : "").split(separator: " ").map { word in
                let names = word.split(separator: "/")
                return PeerFlag(
                    name: String(names[0]), letter: names.count > 1 ? names[1].first : nil)
            }
            return Line(words: parts[0].split(separator: " ").map(String.init), flags: flags)
        }
    }
}

/// Nothing that Docker's or Podman's users type is unknown: Kade has it, or says why not.
@Suite struct PeerCommandTests {
    private func entry(_ words: [String]) -> CommandTree.Entry? {
        if words.count == 1 { return CommandTree.top.first { $0.name == words[0] } }
        let group = CommandTree.groups.first { $0.name == words[0] }
        return words.count == 2 ? group?.entries.first { $0.name == words[1] } : nil
    }

    @Test(arguments: PeerCommands.all)
    func `a command is there, or refused`(line: PeerCommands.Line) throws {
        guard line.words != ["(globals)"], entry(line.words) == nil else { return }
        let problem = try #require(RefusedCommand.problem(of: line.words))
        #expect(problem.kind == .unsupported && !problem.why.isEmpty && problem.fix != nil)
    }

    @Test(arguments: PeerCommands.all)
    func `a flag is there, or refused`(line: PeerCommands.Line) {
        let isGlobal = line.words == ["(globals)"]
        guard isGlobal || RefusedCommand.problem(of: line.words) == nil else { return }
        let known =
            isGlobal
            ? GlobalFlags.flags.map(\.description)
            : entry(line.words)?.command.description.flags ?? []
        let command = "kade " + line.words.joined(separator: " ")
        for flag in line.flags {
            let isNamed =
                known.contains { $0.name == flag.name }
                || RefusedFlag.named(flag.name, of: command) != nil
            #expect(isNamed, "\(command) --\(flag.name)")
            guard let letter = flag.letter else { continue }
            let isCalled =
                known.contains { $0.letter == letter }
                || RefusedFlag.called(letter, of: command) != nil
            #expect(isCalled, "\(command) -\(letter)")
        }
    }

    @Test func `what is refused is not there`() {
        for refused in RefusedCommand.all {
            let words = refused.words.split(separator: " ").map(String.init)
            #expect(entry(words) == nil, "\(refused.words)")
            #expect(words.count > 1 || !CommandTree.groups.contains { $0.name == words[0] })
        }
        for flag in RefusedFlag.all {
            let words = flag.command.split(separator: " ").map(String.init)
            let flags = entry(words)?.command.description.flags
            #expect(
                flags?.contains { $0.name == flag.name } == false, "\(flag.command) \(flag.name)")
        }
    }

    @Test func `every refused flag is found, and is told once`() {
        var names: Set<String> = []
        for flag in RefusedFlag.all {
            #expect(RefusedFlag.canonical("kade \(flag.command)") == flag.command)
            #expect(
                names.insert("\(flag.command) \(flag.name)").inserted,
                "\(flag.command) \(flag.name)")
        }
    }

    @Test func `a refusal names the command as far as it is known`() {
        #expect(
            RefusedCommand.problem(of: ["pod", "create", "x"])?.what == "cannot run 'kade pod'")
        #expect(RefusedCommand.problem(of: ["image", "trust", "show"]) != nil)
        #expect(RefusedCommand.problem(of: ["generate", "systemd"])?.why.contains("units") == true)
        #expect(RefusedCommand.problem(of: ["generate", "kube"])?.why.contains("units") == false)
        #expect(RefusedCommand.problem(of: ["run", "pod"]) == nil)
        #expect(RefusedCommand.problem(of: ["system"]) == nil)
    }

    @Test func `a refused flag is found by every name of its command`() {
        for command in ["kade ps", "kade container ls", "kade container list", "kade container ps"]
        {
            #expect(RefusedFlag.named("noheading", of: command) != nil, "\(command)")
            #expect(RefusedFlag.called("w", of: command)?.name == "watch", "\(command)")
        }
        #expect(RefusedFlag.named("ignore", of: "kade rmi") != nil)
        #expect(RefusedFlag.named("noheading", of: "kade images") != nil)
        for command in ["kade search", "kade image search"] {
            #expect(RefusedFlag.named("list-tags", of: command) != nil, "\(command)")
        }
        #expect(RefusedFlag.named("no-trunc", of: "kade events") != nil)
        #expect(RefusedFlag.named("noheading", of: "kade run") == nil)
    }

    @Test func `flags that find containers are told by the reader`() throws {
        var line = PlannableLine<RemoveCommand>()
        var reader = CommandLineReader(
            command: "kade rm", grammar: PlannableLine<RemoveCommand>.grammar)
        reader.select = { line, _ in line.selected.isAll ? ["a", "b"] : nil }
        _ = try reader.read(["-fa"], into: &line)
        #expect(line.command.names == ["a", "b"] && line.command.isForced)
        reader.select = { _, _ in [] }
        _ = try reader.read(["--all"], into: &line)
        #expect(line.command.names.isEmpty)
        var exec = PlannableLine<ExecCommand>()
        var second = CommandLineReader(
            command: "kade exec", grammar: PlannableLine<ExecCommand>.grammar)
        second.select = { line, _ in line.selected.isLatest ? ["last"] : nil }
        _ = try second.read(["-l", "ls", "-l"], into: &exec)
        #expect(exec.command.name == "last" && exec.command.arguments == ["ls", "-l"])
    }
}
