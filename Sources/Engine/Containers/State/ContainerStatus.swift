import ContainerRuntime
import Diagnostics
import Linux
import SystemPackage

/// A container's record with what the monitor wrote and the kernel says.
struct ContainerStatus: Sendable {
    var record: ContainerRecord
    var lifecycle: Lifecycle?
    var truth: ProcessTruth
    var state: ContainerState

    /// Whether the run ended without its monitor noting it: the machine went down, or it was
    /// killed.
    var isStale: Bool {
        lifecycle?.isUnderWay == true && !truth.isMonitorAlive
    }
}

extension EngineContext {
    /// Looks at a container: one file, and for one that runs a few of `/proc`.
    func status(of record: ContainerRecord) throws(Problem) -> ContainerStatus {
        var lifecycle = try Lifecycle(at: configuration.bundle(of: record.id).lifecycle)
        var truth = try truth(of: lifecycle, record)
        if lifecycle?.isUnderWay == true, !truth.isMonitorAlive {
            // It may have noted the end and gone meanwhile; now it writes no more.
            lifecycle = try Lifecycle(at: configuration.bundle(of: record.id).lifecycle)
            truth = try self.truth(of: lifecycle, record)
        }
        if plan?.hasEnded(record.id) == true {
            lifecycle?.status = .exited
            truth = ProcessTruth(isMonitorAlive: false, isFrozen: false)
        }
        var state = ContainerState(lifecycle: lifecycle, truth: truth)
        // A removal takes the directory first.
        if lifecycle == nil, plan?.hasDirectory(of: record.id) != true,
            !File.exists(configuration.bundle(of: record.id).directory)
        {
            state = .dead
        }
        return ContainerStatus(record: record, lifecycle: lifecycle, truth: truth, state: state)
    }

    private func truth(
        of lifecycle: Lifecycle?, _ record: ContainerRecord
    ) throws(Problem) -> ProcessTruth {
        var truth = ProcessTruth(isMonitorAlive: false, isFrozen: false)
        guard let lifecycle, lifecycle.isUnderWay, lifecycle.bootID == (try bootID())
        else { return truth }
        truth.isMonitorAlive = try isAlive(
            lifecycle.monitorPid, startTime: lifecycle.monitorStartTime)
        // Without its monitor a container's output leads nowhere and its exit code is lost: it counts
        // as ended, and the next command that cares ends what is left of it.
        guard lifecycle.status == .running, truth.isMonitorAlive else { return truth }
        if try isAlive(lifecycle.pid, startTime: lifecycle.pidStartTime) {
            let cgroup = try cgroupIfReadable(of: record)
            truth.isFrozen = try explaining("cannot look at the cgroup of \(record.name)") {
                () throws(SystemCallError) in try cgroup?.isFrozen() ?? false
            }
        }
        return truth
    }

    /// Whether a process is still the one of this number that started then, and has not ended.
    func isAlive(_ pid: Int32, startTime: UInt64) throws(Problem) -> Bool {
        guard pid > 0 else { return false }
        return try explaining("cannot look at process \(pid)") { () throws(SystemCallError) in
            try processStartTime(pid) == startTime
        }
    }

    /// The same for who only looks; nil where another version of the runtime, or a fault, keeps it
    /// from being known: one container does not hide all others.
    private func cgroupIfReadable(of record: ContainerRecord) throws(Problem) -> Cgroup? {
        do throws(Problem) {
            return try cgroup(of: record)
        } catch  where error.kind == .corrupt || error.kind == .unsupported {
            return nil
        }
    }

    /// The cgroup of a container that runs; nil where an ordinary user's has none of its own.
    func cgroup(of record: ContainerRecord) throws(Problem) -> Cgroup? {
        guard try isRootless() else {
            let parent = record.request.resources.cgroupParent ?? "/kade"
            return try explaining("cannot find the cgroup of \(record.name)") {
                () throws(SystemCallError) in
                Cgroup(layout: try cgroupLayout(), path: "\(parent)/\(record.id)")
            }
        }
        // Where it is depends on the cgroup of the command that started it.
        let root = RuntimeRoot(path: configuration.runtimeRoot)
        do throws(Problem) {
            return try State.cgroup(of: root.container(record.id).loadState())
        } catch  where error.kind == .notFound {
            return nil
        }
    }
}
