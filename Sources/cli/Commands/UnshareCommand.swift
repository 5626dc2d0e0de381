import Diagnostics
import Engine
import Glibc
import Linux
import SystemPackage

/// `kade unshare`: a program in the user namespace of an ordinary user's containers.
struct UnshareCommand: Command {
    var arguments: [String] = []

    static var grammar: Grammar<UnshareCommand> {
        Grammar(
            name: "unshare", synopsis: "[COMMAND] [ARG...]",
            summary: "Run a command as root of your user namespace",
            discussion: """
                For ordinary users: there the files of containers belong to the users that the
                containers see, and what is mounted is seen by the command alone. Without a command
                it is the shell that SHELL names. Kade's commands use the same images and
                containers in it.
                """,
            operands: .atLeast(0), endsFlagsAtFirstOperand: true,
            assign: { $0.arguments = $1 })
    }

    static var startsProgram: Bool { true }

    func run(in session: Session) throws(Problem) -> ExitCode {
        guard geteuid() != 0 else {
            throw Problem(
                kind: .invalid, what: "cannot enter your user namespace",
                why: "root's containers share the user namespace that you are in",
                fix: "run the command itself")
        }
        let (dataRoot, runRoot) = (try session.dataRoot, try session.runRoot)
        _ = try session.engine()
        let command = arguments.isEmpty ? [session.environment["SHELL"] ?? "/bin/sh"] : arguments
        let search = session.environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin"
        guard case .found(let program) = lookUpProgram(command[0], searchPath: search) else {
            throw Problem(
                kind: .commandNotFound, what: "cannot run \(command[0])",
                why: "there is no such program in PATH")
        }
        // Root of the namespace has other places by itself.
        let places = ["KADE_ROOT": dataRoot.string, "KADE_RUNROOT": runRoot.string]
        let environment = session.environment.merging(places) { $1 }
        let refusal = Program(
            arguments: command, environment: environment.map { "\($0.key)=\($0.value)" }.sorted()
        ).execute(at: program)
        throw Problem(
            kind: .commandNotExecutable, what: "cannot run \(program)", why: "\(refusal.errno)",
            cause: refusal)
    }
}
