import Diagnostics
import Engine
import Linux
import OCI
import SystemPackage

/// The making of a container for `run` and `create`: pulls as the policy says, writes the ID file.
struct NewContainer {
    private(set) var request: ContainerRequest
    let flags: ContainerFlags
    let engine: Engine
    let session: Session
    /// Whether the command starts the container at once.
    let startsNext: Bool
    /// Whether the steps are shown, also of a pull.
    let showsSteps: Bool
    /// Whether the image is one that a file or Docker's daemon has brought.
    private(set) var isBrought = false

    mutating func create() throws(Problem) -> CreatedContainer {
        if let file = flags.idFile, File.exists(FilePath(file)) {
            throw Problem(
                kind: .conflict, what: "container ID file found", why: "\(file) exists",
                fix: "make sure the other container isn't running, or delete \(file)")
        }
        try bringByTransport()
        if flags.replaces { try removeReplaced() }
        if flags.pullPolicy == .always && isOfRegistry { try pull() }
        if flags.pullPolicy == .newer && isOfRegistry { try pullNewer() }
        let created = try createPullingWhereMissing()
        for warning in created.warnings { try session.warn(warning) }
        if let file = flags.idFile { try write(created.id, to: file) }
        return created
    }

    /// Whether a registry may have the image.
    private var isOfRegistry: Bool {
        request.image != "host" && request.rootfs == nil && !isBrought
    }

    /// Takes the image in that the operand names with a transport, and goes on with its name.
    private mutating func bringByTransport() throws(Problem) {
        guard request.rootfs == nil else { return }
        let operand = request.image
        let transport: ImageTransport
        do throws(Problem) {
            transport = try ImageTransport(operand)
        } catch {
            // A transport's name may be an image's, too: "sif:1".
            guard try engine.images.canRun(operand, platform: request.platform) else { throw error }
            return
        }
        if case .registry(let name) = transport {
            request.image = name
            return
        }
        try refusePlan(of: "the image would be taken in first")
        var load = LoadCommand()
        load.isQuiet = flags.isQuiet
        load.platforms = request.platform.map { [$0] } ?? []
        let names = try load.names(from: transport, in: session)
        guard let name = names.first, names.count == 1 else {
            throw Problem(
                kind: .invalid, what: "cannot tell which image of \(operand) is meant",
                why: "it has \(names.joined(separator: ", "))",
                fix: "they are in the store now: name one")
        }
        request.image = name
        isBrought = true
    }

    private func refusePlan(of why: String) throws(Problem) {
        guard session.plan != nil else { return }
        throw Problem(
            kind: .unavailable, what: "cannot plan a container of \(request.image)",
            why: "\(why), and the steps depend on what is in it",
            fix: "kade pull \(request.image)")
    }

    /// The image is looked for only after a refusal, so that the usual case costs nothing.
    private mutating func createPullingWhereMissing() throws(Problem) -> CreatedContainer {
        do {
            return try engine.containers.create(request, startsNext: startsNext)
        } catch {
            guard error.kind == .notFound, isOfRegistry, flags.pullPolicy == .missing,
                try !engine.images.canRun(request.image, platform: request.platform)
            else { throw error }
        }
        _ = try ImageReference(parsing: request.image)  // what is no name is looked for nowhere
        if !flags.isQuiet {
            try session.error.writeLine("Unable to find image '\(request.image)' locally")
        }
        try pull()
        return try engine.containers.create(request, startsNext: startsNext)
    }

    /// Removes the container whose name the new one takes over (`--replace`).
    private func removeReplaced() throws(Problem) {
        guard let name = request.name else {
            throw Problem(
                kind: .invalid, what: "cannot replace container", why: "--name is not set",
                fix: "name the container that is replaced: --name")
        }
        do throws(Problem) {
            let old = try engine.containers.summary(of: name)
            // Not one whose ID happens to begin so.
            guard old.name == name else { return }
            let leftover = try engine.containers.remove(
                old.id, force: true, removesVolumes: false)
            if let leftover { try session.warn(leftover) }
        } catch  where error.kind == .notFound {
            return
        }
    }

    /// Pulls what the registry has by now; a failure is one only where nothing is here.
    private mutating func pullNewer() throws(Problem) {
        do {
            try pull()
        } catch {
            guard try engine.images.canRun(request.image, platform: request.platform) else {
                throw error
            }
            try session.warn("using the image that is here: \(error.what): \(error.why)")
        }
    }

    private mutating func pull() throws(Problem) {
        try refusePlan(of: "the image would be pulled first")
        let stream = session.error
        var display = ProgressDisplay(
            on: stream, style: .fitting(stream, isQuiet: flags.isQuiet || showsSteps))
        var notes: [String] = []
        var transfer = TransferRequest(request.image)
        transfer.platform = request.platform
        transfer.endsEarly = startsNext
        transfer.authFile = flags.authFile.map { FilePath($0) }
        transfer.isInsecure = !flags.verifiesServer
        let pulled = try engine.images.pull(transfer) { event in
            display.show(event)
            if showsSteps, case .note(let text) = event { notes.append(text) }
        }
        for text in notes { try stream.writeLine(text) }
        // registries.conf may know a short name as an image of another registry.
        let usual = try ImageReference(parsing: request.image).withDefaultTag
        if "\(usual)" != pulled { request.image = pulled }
        if let failure = display.failure { throw failure }
    }

    private func write(_ id: String, to file: String) throws(Problem) {
        if let plan = session.plan {
            let explanation = Explanation(
                shell: "echo -n \(id) > \(file)", why: "others learn the container's ID from it",
                spec: "--cidfile")
            return plan.note(explanation, by: .engine)
        }
        try FlagFile.write(id, to: file, what: "cannot write the container ID file \(file)")
    }
}
