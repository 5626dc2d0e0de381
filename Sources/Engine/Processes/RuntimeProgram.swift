import ContainerRuntime
import Diagnostics
import Linux
import OCI
import SystemPackage

/// `kade-runtime` as a child, for what needs no monitor: kill, pause, resume, delete.
extension EngineContext {
    /// Runs a command of the runtime on a container and waits for it.
    ///
    /// - Parameters:
    ///   - arguments: the command and its arguments: `["kill", ID, "9"]`.
    ///   - id: the container.
    ///   - what: what the user wanted, for the error.
    ///   - input: what it reads as its standard input; −1 is nothing.
    /// - Throws: the ``Problem`` that the runtime reports.
    func runRuntime(
        _ arguments: [String], on id: String, what: String, input: CInt = -1
    ) throws(Problem) {
        let program = configuration.runtimeProgram
        let command = [program.string, "--root", configuration.runtimeRoot.string]
        if let plan {
            return plan.note(.runRuntime(command + arguments), by: .engine)
        }
        let log = try explaining("cannot make a log for the runtime") {
            () throws(SystemCallError) in try OwnedFD.memory(named: "kade-runtime-log")
        }
        let child = try SpawnedProgram(
            program,
            arguments: command + ["--log", "/proc/self/fd/3", "--log-format", "json"] + arguments,
            environment: configuration.helperEnvironment,
            descriptors: [input, -1, -1, log.rawValue], hasOwnSession: false)
        let code = try child.wait()
        guard code != 0 else { return }
        let bytes = try explaining("cannot read the runtime's log") {
            () throws(SystemCallError) in try File.read(log.procPath)
        }
        let last = Self.lastLine(of: bytes)
        throw Problem(
            kind: .invalid, what: what,
            why: last?["msg"]?.string ?? "kade-runtime ended with exit code \(code)",
            fix: last?["fix"]?.string)
    }

    /// The last line with a message of a log in JSON.
    private static func lastLine(of log: [UInt8]) -> JSONValue? {
        for line in log.split(separator: UInt8(ascii: "\n")).reversed() {
            // A line that is no JSON is no message.
            if let json = try? JSONValue.parse(Array(line), named: "log"),
                json["msg"]?.string != nil
            {
                return json
            }
        }
        return nil
    }
}
