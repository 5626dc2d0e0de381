import Diagnostics
import Engine

/// `kade start`: starts containers again, in the foreground with `-a` or `-i`; with `--all` those
/// that match its filters.
struct StartCommand: Command {
    var isAttached = false
    var isInteractive = false
    var detachKeys: [UInt8]?
    var startsAll = false
    var filters: [Label] = []
    var names: [String] = []

    static let startsProgram = true

    static let canPlan = true

    static var selection: ContainerSelection? { .one }

    static var grammar: Grammar<StartCommand> {
        Grammar(
            name: "start", synopsis: "[OPTIONS] CONTAINER [CONTAINER...]",
            summary: "Start one or more stopped containers", discussion: discussion,
            flags: [
                .switch(
                    "attach", "a", "Attach STDOUT/STDERR and forward signals", \.isAttached),
                .switch("interactive", "i", "Attach container's STDIN", \.isInteractive),
                .value(
                    "detach-keys", nil, "string",
                    "Override the key sequence for detaching a container", \.detachKeys,
                    DetachKeys.parse),
                .switch("all", nil, "Start all containers that match the filters", \.startsAll),
                .list(
                    "filter", "f", "filter",
                    "Start what matches (with --all), e.g. \"should-start-on-boot=true\"",
                    \.filters, FilterFlag.parse),
                .unsupported("checkpoint", nil, "string", why: Self.checkpoints),
                .unsupported("checkpoint-dir", nil, "string", why: Self.checkpoints),
            ], operands: .atLeast(0), operandKind: .stoppedContainers,
            assign: { $0.names = $1 })
    }

    private static let discussion = """
        With --all the containers are not named but found: --filter takes what the filters of \
        kade ps take, and containers that run already are left alone. No daemon starts containers \
        when the machine does. This command does:

        kade start --all --filter should-start-on-boot=true

        and the unit kade-restart.service runs it (systemctl enable kade-restart). A container \
        should start on boot when it has been started before and its restart policy is always; \
        or unless-stopped, and nobody has stopped or killed it by hand; or on-failure, its last \
        run has failed (a machine that goes down is a failure) and its restarts are not used up.
        """

    private static let checkpoints = "this version of Kade has no checkpoints"

    func run(in session: Session) throws(Problem) -> ExitCode {
        let engine = try session.engine()
        try checkOperands()
        if startsAll { return try startAll(engine, in: session) }
        guard isAttached || isInteractive, session.plan == nil else {
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

    private func checkOperands() throws(Problem) {
        let complaint =
            switch (startsAll, names.isEmpty) {
            case (true, false): "--all names the containers, and so do arguments"
            case (true, true) where isAttached || isInteractive:
                "--all starts containers in the background"
            case (false, true): "'kade start' requires at least 1 argument"
            case (false, false) where !filters.isEmpty: "--filter needs --all"
            default: nil as String?
            }
        guard let complaint else { return }
        throw Problem(
            kind: .invalid, what: "cannot tell what to start", why: complaint,
            fix: "name containers, or use --all with or without --filter")
    }

    /// Starts what does not run, the oldest first: later ones may share its namespaces.
    private func startAll(_ engine: Engine, in session: Session) throws(Problem) -> ExitCode {
        var filter = ContainerFilter()
        filter.includesStopped = true
        filter.conditions = filters.map { ($0.key, $0.value) }
        var waiting: [String] = []
        for container in try engine.containers.list(filter).reversed() {
            switch container.state {
            case .created, .startFailed, .exited: waiting.append(container.name)
            case .running, .paused, .restarting, .dead: continue
            }
        }
        return try OperandLoop.run(waiting, in: session) { name throws(Problem) in
            _ = try engine.containers.start(name, attaching: [], removesAfterExit: false)
            return name
        }
    }

    private func follow(_ name: String, _ engine: Engine) throws(Problem) -> ExitCode {
        let request = try engine.containers.request(of: name)
        let readsInput = isInteractive && request.process.isInteractive
        let foreground = Foreground(
            streams: readsInput ? [.input, .output, .error] : [.output, .error],
            hasTerminal: request.process.hasTerminal,
            detachKeys: detachKeys ?? DetachKeys.standard, proxiesSignals: true)
        try foreground.checkTerminal()
        let start = try FollowedStart(
            of: name, in: foreground, by: engine, removesAfterExit: request.isRemovedAfterExit)
        let ending = try start.follow()
        try start.finish(after: ending)
        return ending.code
    }
}
