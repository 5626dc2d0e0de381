package import Diagnostics
import Linux
package import SystemPackage

/// An agent of SSH of Kade's own with some keys, by OpenSSH's programs; it ends with the value, and
/// with the process.
package final class KeyAgent: Sendable {
    /// Its socket.
    package let socket: FilePath
    private let scratch: ScratchDirectory
    /// The agent goes when this end of the pipe is closed.
    private let hold: OwnedFD

    /// Adds the keys and waits to be let go; a key's file mode does not matter, as it does not to
    /// Docker's builder.
    private static let script = """
        for key do ssh-add -q - <"$key" >/dev/null || exit 1; done
        echo ready
        exec >/dev/null
        cat
        kill "$SSH_AGENT_PID"
        """

    fileprivate init(
        _ keys: [FilePath], scratch: ScratchDirectory, context: EngineContext
    ) throws(Problem) {
        let what = "cannot start an agent for \(keys.map(\.string).joined(separator: ", "))"
        let candidates = context.configuration.searchPath.map { $0.appending("ssh-agent") }
        guard let program = candidates.first(where: { File.exists($0) }) else {
            throw Problem(
                kind: .unavailable, what: what, why: "there is no ssh-agent in PATH",
                fix: "install it: apt install openssh-client")
        }
        self.scratch = scratch
        socket = scratch.path.appending("agent")
        let errors = try explaining(what) { () throws(SystemCallError) in
            try OwnedFD.memory(named: "agent-errors")
        }
        let input = try explaining(what) { () throws(SystemCallError) in try Pipe() }
        let output = try explaining(what) { () throws(SystemCallError) in try Pipe() }
        hold = try explaining(what) { () throws(SystemCallError) in
            try input.writing.duplicate()
        }
        let child = try SpawnedProgram(
            program,
            arguments: ["ssh-agent", "-a", socket.string, "/bin/sh", "-c", Self.script, "sh"]
                + keys.map(\.string),
            environment: context.configuration.helperEnvironment + ["SSH_ASKPASS_REQUIRE=never"],
            descriptors: [input.reading.rawValue, output.writing.rawValue, errors.rawValue],
            hasOwnSession: true)
        let answer = output.keepReading()
        let text = try explaining(what) { () throws(SystemCallError) in try answer.readAll() }
        guard text.isEmpty else { return }
        let code = try child.wait()
        let lines = try explaining(what) { () throws(SystemCallError) in
            try errors.seek(toOffsetInBytes: 0)
            return String(decoding: try errors.readAll(), as: UTF8.self).split(separator: "\n")
        }
        throw Problem(
            kind: .invalid, what: what,
            why: lines.last.map(String.init) ?? "ssh-agent ended with exit code \(code)",
            fix: "a key with a passphrase goes to an agent: ssh-add FILE, and --ssh default")
    }
}

extension StepService {
    /// Starts an agent that has some keys, without passphrases.
    package func startAgent(with keys: [FilePath]) throws(Problem) -> KeyAgent {
        try KeyAgent(keys, scratch: try makeVolatileScratch(), context: context)
    }
}
