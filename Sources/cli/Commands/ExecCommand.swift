import Diagnostics
import Engine
import Linux
import SystemPackage

/// `kade exec`: becomes the runtime, which runs a further process in a container.
struct ExecCommand: Command {
    var isDetached = false
    var detachKeys: [UInt8]?
    var environment: [String] = []
    var environmentFiles: [String] = []
    var isInteractive = false
    var isPrivileged = false
    var hasTerminal = false
    var user: String?
    var workingDirectory: String?
    var descriptors = DescriptorFlags()
    var name = ""
    var arguments: [String] = []

    static let startsProgram = true

    static let canPlan = true

    static var selection: ContainerSelection? { .one }

    static var grammar: Grammar<ExecCommand> {
        Grammar(
            name: "exec", synopsis: "[OPTIONS] CONTAINER COMMAND [ARG...]",
            summary: "Execute a command in a running container",
            flags: [
                .switch(
                    "detach", "d", "Detached mode: run command in the background", \.isDetached),
                .value(
                    "detach-keys", nil, "string",
                    "The key sequence that leaves the process running; there is none by default",
                    \.detachKeys, DetachKeys.parse),
                .list(
                    "env", "e", "list", "Set environment variables", \.environment,
                    EnvironmentFlag.parse),
                .list(
                    "env-file", nil, "list", "Read in a file of environment variables",
                    \.environmentFiles),
                .switch(
                    "interactive", "i", "Keep STDIN open even if not attached", \.isInteractive),
                .switch(
                    "privileged", nil, "Give extended privileges to the command", \.isPrivileged),
                .switch("tty", "t", "Allocate a pseudo-TTY", \.hasTerminal),
                .text(
                    "user", "u", "string", "Username or UID (format: <name|uid>[:<group|gid>])",
                    \.user),
                .value(
                    "workdir", "w", "string", "Working directory inside the container",
                    \.workingDirectory, WorkingDirectoryFlag.parse),
            ] + DescriptorFlags.flags.map { $0.lifted(to: \.descriptors) }, operands: .atLeast(2),
            operandKind: .runningContainers,
            endsFlagsAtFirstOperand: true,
            assign: { command, operands in
                command.name = operands[0]
                command.arguments = Array(operands.dropFirst())
            })
    }

    func run(in session: Session) throws(Problem) -> ExitCode {
        if hasTerminal && isInteractive && !isDetached && !Terminal.isTerminal(0) {
            throw Problem(
                kind: .invalid, what: "cannot attach to a terminal",
                why: "the input device is not a TTY", fix: "leave -t out when the input is a pipe")
        }
        var request = ExecRequest(command: arguments)
        request.descriptors = try descriptors.open(
            after: 0, example: "kade exec --preserve-fds 1 CONTAINER COMMAND 3<FILE")
        request.isDetached = isDetached
        request.detachKeys = detachKeys ?? []
        request.isPrivileged = isPrivileged
        request.process.isInteractive = isInteractive
        request.process.hasTerminal = hasTerminal
        request.process.user = user
        request.process.workingDirectory = workingDirectory
        request.process.environment = try EnvironmentFlags(
            entries: environment, files: environmentFiles
        ).resolve(in: session)
        guard let prepared = try session.engine().containers.exec(in: name, request) else {
            return .success
        }
        let refusal = Program(
            arguments: prepared.arguments,
            environment: session.environment.map { "\($0.key)=\($0.value)" }
        ).execute(at: FilePath(prepared.path))
        throw Problem(
            kind: .unavailable, what: "cannot start the runtime \(prepared.path)",
            why: "\(refusal.errno)", cause: refusal)
    }
}
