import Diagnostics
import Engine
import Linux
import SystemPackage

/// The making of a container for `run` and `create`: pulls as the policy says, writes the ID file.
struct NewContainer {
    let request: ContainerRequest
    let flags: ContainerFlags
    let engine: Engine
    let session: Session
    /// Whether the command starts the container at once.
    let startsNext: Bool

    func create() throws(Problem) -> CreatedContainer {
        if let file = flags.idFile, File.exists(FilePath(file)) {
            throw Problem(
                kind: .conflict, what: "container ID file found", why: "\(file) exists",
                fix: "make sure the other container isn't running, or delete \(file)")
        }
        if flags.pullPolicy == .always && request.image != "host" { try pull() }
        let created = try createPullingWhereMissing()
        for warning in created.warnings { try session.warn(warning) }
        if let file = flags.idFile { try write(created.id, to: file) }
        return created
    }

    /// The image is looked for only after a refusal, so that the usual case costs nothing.
    private func createPullingWhereMissing() throws(Problem) -> CreatedContainer {
        do {
            return try engine.containers.create(request, startsNext: startsNext)
        } catch {
            guard error.kind == .notFound, request.image != "host", flags.pullPolicy == .missing,
                try !engine.images.contains(request.image, platform: request.platform)
            else { throw error }
        }
        if !flags.isQuiet {
            try session.error.writeLine("Unable to find image '\(request.image)' locally")
        }
        try pull()
        return try engine.containers.create(request, startsNext: startsNext)
    }

    private func pull() throws(Problem) {
        let stream = session.error
        var display = ProgressDisplay(
            on: stream, style: .fitting(stream, isQuiet: flags.isQuiet))
        try engine.images.pull(request.image, platform: request.platform, allTags: false) { event in
            display.show(event)
        }
        if let failure = display.failure { throw failure }
    }

    private func write(_ id: String, to file: String) throws(Problem) {
        do {
            try File.create(
                FilePath(file), content: Array(id.utf8),
                permissions: FilePermissions(rawValue: 0o644))
        } catch {
            throw Problem(
                kind: .denied, what: "cannot write the container ID file \(file)",
                why: "\(error.errno)", cause: error)
        }
    }
}
