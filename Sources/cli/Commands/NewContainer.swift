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

    mutating func create() throws(Problem) -> CreatedContainer {
        if let file = flags.idFile, File.exists(FilePath(file)) {
            throw Problem(
                kind: .conflict, what: "container ID file found", why: "\(file) exists",
                fix: "make sure the other container isn't running, or delete \(file)")
        }
        if flags.replaces { try removeReplaced() }
        if flags.pullPolicy == .always && isOfRegistry { try pull() }
        if flags.pullPolicy == .newer && isOfRegistry { try pullNewer() }
        let created = try createPullingWhereMissing()
        for warning in created.warnings { try session.warn(warning) }
        if let file = flags.idFile { try write(created.id, to: file) }
        return created
    }

    /// Whether a registry may have the image.
    private var isOfRegistry: Bool { request.image != "host" && request.rootfs == nil }

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
        guard session.plan == nil else {
            throw Problem(
                kind: .unavailable, what: "cannot plan a container of \(request.image)",
                why: "the image would be pulled first, and the steps depend on what is in it",
                fix: "kade pull \(request.image)")
        }
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
