import Diagnostics
import Engine
import Glibc
import Linux
import SystemPackage

/// `kade run`: makes a container, starts it, and stays with it unless `-d`.
struct RunCommand: Command {
    var container = ContainerFlags()
    var isDetached = false
    var attached: [AttachedStreams] = []
    var detachKeys: [UInt8]? = nil
    var proxiesSignals = true
    var explains = false
    /// `--rmi`: the image goes with the container.
    var removesImage = false
    var descriptors = DescriptorFlags()
    var image = ""
    var arguments: [String] = []

    static let startsProgram = true

    static let canPlan = true

    static var grammar: Grammar<RunCommand> {
        let own: [Flag<RunCommand>] = [
            .switch(
                "detach", "d", "Run container in background and print container ID", \.isDetached),
            .list(
                "attach", "a", "list", "Attach to STDIN, STDOUT or STDERR", \.attached,
                StreamFlag.parse),
            .value(
                "detach-keys", nil, "string",
                "Override the key sequence for detaching a container", \.detachKeys,
                DetachKeys.parse),
            .switch(
                "sig-proxy", nil, "Proxy received signals to the process (default true)",
                \.proxiesSignals),
            .switch(
                "rmi", nil,
                "Remove the image after the container exits, unless others use it; implies --rm",
                \.removesImage),
            .switch(
                "explain", nil,
                "Print the steps that pull, make and start the container, as they happen, with their"
                    + " times",
                \.explains),
        ]
        return Grammar(
            name: "run", synopsis: "[OPTIONS] IMAGE [COMMAND] [ARG...]",
            summary: "Create and run a new container from an image",
            discussion: "The image 'host' is the machine's own root file system, read-only below"
                + " a throw-away layer: nothing on the machine changes. Without a command it shows"
                + " what isolates the container.\n\nA container without --network is on the network"
                + " bridge, or on the one that KADE_DEFAULT_NETWORK names.",
            flags: ContainerFlags.flags.map { $0.lifted(to: \.container) } + own
                + DescriptorFlags.flags.map { $0.lifted(to: \.descriptors) },
            operands: .atLeast(1), operandKind: .images, endsFlagsAtFirstOperand: true,
            assign: { command, operands in
                command.image = operands[0]
                command.arguments = Array(operands.dropFirst())
            })
    }

    func run(in session: Session) throws(Problem) -> ExitCode {
        let tour = HostTour(for: self)
        var request = try container.request(
            image: image, command: tour?.command ?? arguments, in: session)
        tour?.limit(&request)
        try descriptors.apply(
            to: &request, environment: session.environment, process: getpid())
        if removesImage {
            guard !isDetached else {
                throw Problem(
                    kind: .unsupported, what: "cannot use --rmi with -d",
                    why: "the image is removed by this command, when the container has ended",
                    fix: "leave -d out")
            }
            request.isRemovedAfterExit = true
        }
        let foreground = try foreground()
        let steps = explains && session.plan == nil ? LiveSteps(on: session.error) : nil
        let engine = try session.engine(showsSteps: explains || tour != nil, to: steps?.watch)
        var new = NewContainer(
            request: request, flags: container, engine: engine, session: session, startsNext: true,
            showsSteps: steps != nil)
        let created: CreatedContainer
        do {
            created = try new.create()
        } catch {
            // Best effort: what kept it from being made is what counts.
            try? steps?.finish()
            throw error
        }
        do {
            guard let foreground else { return try runDetached(created, engine, steps, session) }
            if session.plan != nil {
                _ = try engine.containers.start(
                    created.id, attaching: foreground.streams, removesAfterExit: false)
                return .success
            }
            let start = try FollowedStart(
                of: created.id, in: foreground, by: engine,
                removesAfterExit: request.isRemovedAfterExit)
            try steps?.finish()
            let ending = try start.follow()
            // The tour shows first what the steps have made.
            if tour != nil, !explains {
                try StepPrinter(engine: engine, session: session).print(created.id)
            }
            try start.finish(after: ending)
            if removesImage { try removeImage(request.image, engine, session) }
            return ending.code
        } catch {
            // Best effort: the start's own problem is what counts.
            try? steps?.finish()
            // One that has run and cannot be removed stays, with the reason. Otherwise the start's
            // own problem says more than what this might add to it.
            let hasRun = (try? engine.containers.hasEnded(created.id)) ?? false
            if request.isRemovedAfterExit, !hasRun {
                _ = try? engine.containers.remove(created.id, force: true, removesVolumes: true)
            }
            throw error
        }
    }

    /// How this program shows the container, or nil for `-d`.
    private func foreground() throws(Problem) -> Foreground? {
        let process = container.request.process
        if isDetached {
            guard attached.isEmpty else {
                throw Problem(
                    kind: .invalid, what: "conflicting options", why: "-a and -d",
                    fix: "use one of them")
            }
            return nil
        }
        var streams = attached.reduce(into: AttachedStreams()) { $0.formUnion($1) }
        if attached.isEmpty {
            streams = process.isInteractive ? [.input, .output, .error] : [.output, .error]
        }
        let foreground = Foreground(
            streams: streams, hasTerminal: process.hasTerminal,
            detachKeys: detachKeys ?? DetachKeys.standard, proxiesSignals: proxiesSignals)
        try foreground.checkTerminal()
        return foreground
    }

    private func runDetached(
        _ created: CreatedContainer, _ engine: Engine, _ steps: LiveSteps?, _ session: Session
    ) throws(Problem) -> ExitCode {
        _ = try engine.containers.start(created.id, attaching: [], removesAfterExit: false)
        try steps?.finish()
        try session.output.writeLine(created.id)
        return .success
    }

    /// Removes the image, and says so where others keep it.
    private func removeImage(
        _ image: String, _ engine: Engine, _ session: Session
    ) throws(Problem) {
        do throws(Problem) {
            _ = try engine.images.remove(image, force: false)
        } catch  where error.kind == .conflict || error.kind == .notFound {
            try session.warn("image \(image) stays: \(error.why)")
        }
    }
}
