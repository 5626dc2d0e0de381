import Diagnostics
import Engine

/// `kade container clone`: Podman's.
struct CloneCommand: Command {
    var limits = UpdateCommand()
    var destroysOriginal = false
    var isForced = false
    var startsClone = false
    var name: String?
    var operands: [String] = []

    static let canPlan = true

    static var grammar: Grammar<CloneCommand> {
        Grammar(
            name: "clone", synopsis: "[OPTIONS] CONTAINER [NAME [IMAGE]]",
            summary: "Create a new container from the configuration of another one",
            discussion: "What the other container has changed of its files, its anonymous volumes"
                + " and its fixed addresses stay its own; named volumes are both containers'."
                + " Without a name the clone is called CONTAINER-clone.",
            flags: UpdateCommand.limitFlags.map { $0.lifted(to: \.limits) } + [
                .switch(
                    "destroy", nil, "Remove the other container when the clone is made",
                    \.destroysOriginal),
                .switch(
                    "force", "f", "With --destroy: also a container that runs", \.isForced),
                .text("name", nil, "string", "Name of the clone", \.name),
                .switch("run", nil, "Start the clone in the background", \.startsClone),
            ], operands: .between(1, 3), operandKind: .containers,
            assign: { $0.operands = $1 })
    }

    func run(in session: Session) throws(Problem) -> ExitCode {
        let engine = try session.engine()
        let original = try engine.containers.summary(of: operands[0])
        if destroysOriginal, !isForced { try engine.containers.checkCanGo(original.id) }
        let request = try engine.containers.request(cloning: original.id, change())
        var new = NewContainer(
            request: request, flags: ContainerFlags(), engine: engine, session: session,
            startsNext: startsClone && !destroysOriginal, showsSteps: false)
        let clone = try new.create()
        if destroysOriginal {
            let leftover = try engine.containers.remove(
                original.id, force: isForced, removesVolumes: false)
            if let leftover { try session.warn(leftover) }
        }
        if startsClone {
            _ = try engine.containers.start(clone.id, attaching: [], removesAfterExit: false)
        }
        try session.output.writeLine(clone.id)
        return .success
    }

    private func change() throws(Problem) -> CloneChange {
        guard destroysOriginal || !isForced else {
            throw Problem(
                kind: .invalid, what: "cannot use --force", why: "it is for --destroy",
                fix: "use both, or none")
        }
        guard name == nil || operands.count == 1 else {
            throw Problem(
                kind: .invalid, what: "cannot tell what the clone is called",
                why: "it has a name by --name, and one by an argument", fix: "use one of them")
        }
        var change = CloneChange()
        change.name = name ?? operands.dropFirst().first
        change.image = operands.dropFirst(2).first
        change.update = limits.change
        return change
    }
}
