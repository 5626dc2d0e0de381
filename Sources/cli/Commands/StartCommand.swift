import Diagnostics
import Engine

/// `kade start`: starts containers again, in the foreground with `-a` or `-i`.
struct StartCommand: Command {
    var isAttached = false
    var isInteractive = false
    var detachKeys: [UInt8]?
    var names: [String] = []

    static let startsProgram = true

    static var grammar: Grammar<StartCommand> {
        Grammar(
            name: "start", synopsis: "[OPTIONS] CONTAINER [CONTAINER...]",
            summary: "Start one or more stopped containers",
            flags: [
                .switch(
                    "attach", "a", "Attach STDOUT/STDERR and forward signals", \.isAttached),
                .switch("interactive", "i", "Attach container's STDIN", \.isInteractive),
                .value(
                    "detach-keys", nil, "string",
                    "Override the key sequence for detaching a container", \.detachKeys,
                    DetachKeys.parse),
                .unsupported("checkpoint", nil, "string", why: Self.checkpoints),
                .unsupported("checkpoint-dir", nil, "string", why: Self.checkpoints),
            ], operands: .atLeast(1), operandKind: .stoppedContainers,
            assign: { $0.names = $1 })
    }

    private static let checkpoints = "this version of Kade has no checkpoints"

    func run(in session: Session) throws(Problem) -> ExitCode {
        let engine = try session.engine()
        guard isAttached || isInteractive else {
            return try OperandLoop.run(names, in: session) { name throws(Problem) in
                _ = try engine.containers.start(name, attaching: [], removesAfterExit: false)
                return name
            }
        }
        guard names.count == 1 else {
            throw Problem(
                kind: .invalid, what: "cannot start and attach multiple containers at once",
                why: "\(names.count) are named", fix: "name one, or leave -a and -i out")
        }
        return try follow(names[0], engine)
    }

    private func follow(_ name: String, _ engine: Engine) throws(Problem) -> ExitCode {
        let request = try engine.containers.request(of: name)
        let readsInput = isInteractive && request.process.isInteractive
        let foreground = Foreground(
            streams: readsInput ? [.input, .output, .error] : [.output, .error],
            hasTerminal: request.process.hasTerminal,
            detachKeys: detachKeys ?? DetachKeys.standard, proxiesSignals: true)
        try foreground.checkTerminal()
        let ending = try FollowedStart(
            id: name, foreground: foreground, removesAfterExit: request.isRemovedAfterExit
        ).run(with: engine)
        if request.isRemovedAfterExit, case .exited = ending {
            try engine.containers.remove(name, force: false, removesVolumes: true)
        }
        return ending.code
    }
}
