import ContainerRuntime
import Diagnostics
import Linux
import SystemPackage

/// Telling of memory that runs out in the container, also where its program goes on.
extension Monitor {
    /// Watches the container's memory from now on, where it has a limit.
    func watchMemory() throws(Problem) {
        hasToldOutOfMemory = false
        guard configuration.hasMemoryLimit else { return }
        guard let cgroup = try configuration.cgroup() else { return }
        memoryEvents = try explaining("cannot watch the container's memory") {
            () throws(SystemCallError) in
            do throws(SystemCallError) {
                return try OutOfMemoryEvents.watch(cgroup)
            } catch  where error.errno == .noSuchFileOrDirectory {
                return nil  // the program has ended, and its cgroup with it
            }
        }
        guard let readiness = memoryEvents?.readiness,
            let number = memoryEvents?.descriptor.rawValue
        else { return }
        try sources.want(readiness, of: number, MonitorSources.Token.memory)
    }

    /// Begins to watch the memory of a program that got a limit while it ran.
    func watchNewLimit() throws(Problem) {
        guard case .running = phase, memoryEvents == nil else { return }
        try watchMemory()
    }

    /// Tells of what the kernel has announced.
    func answerMemory() throws(Problem) {
        let hasHappened = try explaining("cannot ask for out-of-memory kills") {
            () throws(SystemCallError) in try memoryEvents?.haveHappened() ?? false
        }
        guard hasHappened else { return }
        hasToldOutOfMemory = true
        tell(.outOfMemory)
    }

    /// Ends the watch with the program, and tells of a last kill.
    func endMemoryWatch(wasOutOfMemory: Bool) throws(Problem) {
        try answerMemory()
        if wasOutOfMemory, !hasToldOutOfMemory { tell(.outOfMemory) }
        guard let number = memoryEvents?.descriptor.rawValue else { return }
        try sources.want([], of: number, MonitorSources.Token.memory)
        memoryEvents = nil
    }
}

extension MonitorConfiguration {
    /// The container's cgroup; nil when it has none.
    ///
    /// - Throws: `.notFound` when the runtime does not know the container any more.
    func cgroup() throws(Problem) -> Cgroup? {
        let root = RuntimeRoot(path: FilePath(runtimeRoot))
        return try State.cgroup(of: root.container(id).loadState())
    }
}
