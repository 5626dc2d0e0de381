import ContainerRuntime
import Diagnostics
import Linux
import Storage
import SystemPackage

/// How much a container may write into its root file system (`--storage-opt size=`).
///
/// Its writable layer is a project of its own, whose quota the file system keeps: XFS and ext4 with
/// `prjquota`. The number of the project is in the layer's inodes and nowhere else.
extension EngineContext {
    /// Makes the container's writable layer a project with a limit.
    func limitRootfs(
        of record: ContainerRecord, recording steps: inout StepRecorder
    ) throws(Problem) {
        guard let limit = record.request.resources.rootfsSizeInBytes else { return }
        guard record.imageID != HostImage.name else {
            throw Problem(
                kind: .unsupported, what: "cannot limit the size of \(record.name)",
                why: "what a container of the image host writes is in memory",
                fix: "limit its memory: -m")
        }
        guard record.request.rootfs == nil else {
            throw RootfsDirectory.refusal("limit the size of", record)
        }
        guard try storageDriver(of: record) == .overlay else {
            throw Problem(
                kind: .unsupported, what: "cannot limit the size of \(record.name)",
                why: "its root is a copy of its image, with which the limit would be used up: the"
                    + " storage driver is vfs",
                fix: "leave --storage-opt size out")
        }
        try steps.perform(.limitRootfs(of: record, toBytes: limit)) { () throws(Problem) in
            _ = try snapshot(of: record)
            try limitRootfs(of: record, toBytes: limit)
        }
    }

    private func limitRootfs(of record: ContainerRecord, toBytes limit: Int64) throws(Problem) {
        let bundle = configuration.bundle(of: record.id)
        do throws(SystemCallError) {
            // Only one at a time may look for a number that nobody has.
            let lock = try FileLock(configuration.dataRoot.appending("projects.lock"), .exclusive)
            defer { withExtendedLifetime(lock) {} }
            let upper = try OwnedFD.open(bundle.upper, [.readOnly, .directory])
            let project = try freeProject(on: upper)
            try upper.limit(project: project, toBytes: UInt64(clamping: limit))
            // Both or neither: a file moves from one to the other.
            try upper.give(toProject: project)
            try OwnedFD.open(bundle.work, [.readOnly, .directory]).give(toProject: project)
        } catch {
            throw problem(error, limit, of: record)
        }
    }

    /// Takes the limit of a container that is removed out of the file system's table.
    func removeRootfsLimit(of record: ContainerRecord) throws(Problem) {
        guard record.request.resources.rootfsSizeInBytes != nil, plan == nil else { return }
        let path = configuration.bundle(of: record.id).upper
        try explaining("cannot take away the size limit of \(record.name)") {
            () throws(SystemCallError) in
            do throws(SystemCallError) {
                let upper = try OwnedFD.open(path, [.readOnly, .directory])
                let project = try upper.project()
                if project != 0 { try upper.limit(project: project, toBytes: 0) }
            } catch {
                switch error.errno {
                case .noSuchFileOrDirectory, .inappropriateIOCTLForDevice, .notSupported,
                    .noSuchProcess:
                    return  // it never had one
                default: throw error
                }
            }
        }
    }

    /// A project that has no limit and no files.
    private func freeProject(on file: borrowing OwnedFD) throws(SystemCallError) -> UInt32 {
        while true {
            // Far from the small numbers that people give out in /etc/projid.
            let project = UInt32.random(in: 0x4000_0000...0x7fff_ffff)
            do throws(SystemCallError) {
                let quota = try file.quota(ofProject: project)
                if quota.limitInBytes == 0, quota.useInBytes == 0 { return project }
            } catch  where error.errno == .noSuchFileOrDirectory {
                return project  // XFS knows nothing of it
            }
        }
    }

    private func problem(
        _ refusal: SystemCallError, _ limit: Int64, of record: ContainerRecord
    ) -> Problem {
        let what = "cannot limit the size of \(record.name) to \(limit) bytes"
        let root = configuration.dataRoot
        // Where the table tells nothing the message has one word less.
        let type = (try? MountTable.current().entry(holding: root)?.type) ?? "its file system"
        switch refusal.errno {
        case .noSuchProcess, .notSupported, .inappropriateIOCTLForDevice, .noFunction,
            .invalidArgument:
            return Problem(
                kind: .unsupported, what: what,
                why: "\(type) of \(root) keeps no project quotas",
                fix:
                    "put the data root on XFS, or on ext4 made with -O quota,project, and mount it "
                    + "with prjquota (Linux 5.14)", cause: refusal)
        case .notPermitted:
            return Problem(
                kind: .denied, what: what,
                why: "the kernel lets root of the machine alone set quotas",
                fix: "run kade as root, or leave --storage-opt size out", cause: refusal)
        default: return Problem(what: what, refusal: refusal)
        }
    }
}
