import ContainerRuntime
package import Diagnostics
import Glibc
import Linux
import OCI
import Storage
import SystemPackage

/// What `commit` asks.
package struct CommitRequest: Sendable {
    /// The new image's name, or nil.
    package var reference: String?
    /// `-a`.
    package var author: String?
    /// `-m`.
    package var message: String?
    /// `-c`: changes what the image says of itself.
    package var change: ImageChange = { _ in }
    /// Whether a running container is paused while its files are read.
    package var pause = Pause.wherePossible
    /// When the image is made, and the latest time of its new files: `SOURCE_DATE_EPOCH`.
    package var moment: Timestamp?

    package init() {}

    /// What becomes of a container that runs meanwhile.
    package enum Pause: Sendable {
        /// It is paused, and one that cannot be is not committed.
        case always
        /// It is paused where it has a cgroup, which alone can be frozen; else the image says so.
        case wherePossible
        /// It goes on.
        case never
    }
}

/// An image that was made of a container.
package struct CommittedImage: Sendable {
    package let id: String
    package let gaps: ArchiveGaps
    /// Why the container ran while its files were read, though it was to be paused; nil otherwise.
    package let unpaused: String?
}

extension ContainerService {
    /// Makes an image of a container's image and what the container changed.
    ///
    /// - Returns: the image; nil in a plan.
    /// - Throws: `.notFound` when the container's image was removed; `.invalid` for a change that
    ///   cannot be applied.
    package func commit(
        _ name: String, _ request: CommitRequest
    ) throws(Problem) -> CommittedImage? {
        let record = try context.record(of: name)
        _ = try context.settledStatus(of: record, restarting: true)
        let unpaused = try context.checkPause(of: record, for: request)
        let files = try context.ownFiles(of: record, for: "commit")
        let image = try context.imageStore().image(named: record.imageID, platform: nil)
        let reference = try request.reference.map { text throws(Problem) in
            let reference = try ImageReference(parsing: text)
            guard reference.digest == nil else {
                throw Problem(
                    kind: .invalid, what: "cannot commit as \(text)",
                    why: "refusing to create a tag with a digest reference")
            }
            return reference.withDefaultTag
        }
        let configuration = try request.configuration(of: record, on: image.configuration)
        let file = try explaining("cannot describe the image") { () throws(SystemCallError) in
            let file = try OwnedFD.memory(named: "configuration.json")
            try file.writeAll(configuration.json())
            return file
        }
        var arguments = [
            "commit", "--root", context.configuration.dataRoot.string, "--base",
            "\(image.manifestDigest)", "--configuration", "/proc/self/fd/3",
        ]
        arguments += files.changeFlags
        if let reference { arguments += ["--reference", "\(reference)"] }
        if let moment = request.moment {
            arguments += ["--latest-time", "\(moment.nanosecondsSinceEpoch / 1_000_000_000)"]
        }
        arguments += try context.writtenOwnerFlags(of: record, files) + files.lower.map(\.string)
        var gaps = ArchiveGaps()
        var made: JSONValue?
        try context.whilePresent(record) { () throws(Problem) in
            try context.pausing(record, if: request.pause != .never) { () throws(Problem) in
                _ = try ContentHelper(configuration: context.configuration).change(
                    arguments, why: "an image of what the container has changed", input: nil,
                    file: file.rawValue, what: "cannot commit \(name)"
                ) { line in
                    if line["event"]?.string == "image" { made = line }
                    gaps = ArchiveGaps(line) ?? gaps
                }
            }
        }
        guard context.plan == nil else { return nil }
        guard let made else {
            throw Problem(
                kind: .bug, what: "cannot commit \(name)",
                why: "kade-server ended without a result")
        }
        let id = try context.imageID(of: made)
        context.tell(
            .commit, of: record,
            [
                "comment": request.message ?? "", "imageID": id,
                "imageRef": reference?.familiar ?? "",
            ]
        )
        return CommittedImage(id: id, gaps: gaps, unpaused: unpaused)
    }
}

extension EngineContext {
    /// Looks whether a container can be paused, where that is wanted.
    ///
    /// - Returns: why it will run on; nil where it will not, or may.
    /// - Throws: `.unsupported` where it must be paused.
    fileprivate func checkPause(
        of record: ContainerRecord, for request: CommitRequest
    ) throws(Problem) -> String? {
        guard request.pause != .never, case .running = try status(of: record).state,
            try cgroup(of: record) == nil
        else { return nil }
        guard request.pause != .always else {
            throw Problem(
                kind: .unsupported, what: "cannot pause container \(record.name)",
                why: Problem.noCgroupToFreeze,
                fix: "leave --pause out, and its files are read while it runs")
        }
        return Problem.noCgroupToFreeze
    }

    /// Reads a container's files, while it is paused if it runs and that is wanted.
    ///
    /// Signals that would end this process wait until the container goes on.
    fileprivate func pausing(
        _ record: ContainerRecord, if isWanted: Bool, _ body: () throws(Problem) -> Void
    ) throws(Problem) {
        if plan != nil { return try planPause(of: record, if: isWanted, body) }
        var (held, before) = (sigset_t(), sigset_t())
        sigemptyset(&held)
        for signal in [SIGINT, SIGTERM, SIGHUP] { sigaddset(&held, signal) }
        pthread_sigmask(SIG_BLOCK, &held, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        guard isWanted, let pause = try pauseForReading(record) else { return try body() }
        do throws(Problem) {
            try body()
        } catch {
            try? resume(record)  // best effort: the first error counts
            throw error
        }
        do throws(Problem) {
            try resume(record)
        } catch {
            guard try hasEnded(record) else { throw error }
        }
        _ = consume pause
    }

    /// What ``pausing(_:if:_:)`` would do.
    private func planPause(
        of record: ContainerRecord, if isWanted: Bool, _ body: () throws(Problem) -> Void
    ) throws(Problem) {
        guard isWanted, case .running = try status(of: record).state,
            try cgroup(of: record) != nil
        else { return try body() }
        try runRuntime(["pause", record.id], on: record.id, what: "")
        try body()
        try resume(record)
    }

    /// Freezes a container that runs.
    ///
    /// - Returns: the lock that says that somebody will thaw it; nil when nobody must, as it does
    ///   not run or was frozen already.
    private func pauseForReading(_ record: ContainerRecord) throws(Problem) -> FileLock? {
        try withLock(on: record.id) { () throws(Problem) in
            guard case .running = try status(of: record).state else { return nil }
            // Without a cgroup nothing can be frozen, and the caller has said so.
            guard try cgroup(of: record) != nil else { return nil }
            let path = configuration.bundle(of: record.id).pauseLock
            let pause = try explaining("cannot lock \(path)") { () throws(SystemCallError) in
                try FileLock(path, .exclusive)
            }
            do throws(Problem) {
                try runRuntime(
                    ["pause", record.id], on: record.id,
                    what: "cannot pause container \(record.name)")
            } catch {
                guard try hasEnded(record) else { throw error }
                return nil
            }
            return pause
        }
    }
}

extension CommitRequest {
    /// What the new image says of itself: the image's words, then the container's, then the changes.
    fileprivate func configuration(
        of record: ContainerRecord, on base: ImageConfiguration
    ) throws(Problem) -> ImageConfiguration {
        var configuration = base
        let created = (moment ?? .now).rfc3339
        configuration.created = created
        configuration.author = author ?? base.author
        // Docker's members that speak of the container or build that made the base.
        for member in ["container", "container_config", "docker_version", "id", "parent"] {
            configuration.unknownFields[member] = nil
        }
        var defaults = base.config ?? .init()
        defaults.takeOver(record.request)
        try change(&defaults)
        configuration.config = defaults
        let command = (record.request.process.entrypoint ?? []) + (record.request.command ?? [])
        configuration.history.append(
            .init(
                created: created, createdBy: command.joined(separator: " "), author: author,
                comment: message))
        return configuration
    }
}

extension ImageConfiguration.Defaults {
    /// Takes over how a container is run.
    fileprivate mutating func takeOver(_ request: ContainerRequest) {
        user = request.process.user
        env = request.process.environment
        entrypoint = request.process.entrypoint ?? []
        cmd = request.command ?? []
        workingDir = request.process.workingDirectory
        labels = request.labels
        stopSignal = request.stopSignal
        stopTimeout = request.stopTimeoutInSeconds
        if request.disablesHealthcheck { healthcheck = .init(test: ["NONE"]) }
        if let own = request.health.ofImages { healthcheck = own }
        for mount in request.mounts {
            if case .volume(let volume) = mount.kind, volume.name == nil {
                volumes.insert(mount.target)
            }
        }
    }
}
