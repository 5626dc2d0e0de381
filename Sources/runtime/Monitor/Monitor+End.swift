import ContainerRuntime
import Diagnostics
import Linux
import SystemPackage

/// What is noted of a run's end, while the kernel still knows it.
extension Monitor {
    /// Notes how the program ended, and what the kernel had to do with it.
    func noteEnd(_ status: ExitStatus, of run: ContainerRun) throws(Problem) {
        lifecycle.exitCode = status.code
        lifecycle.finishedAt = currentTimestamp()
        let cgroup = try configuration.cgroup()
        let kills = try explaining("cannot ask for out-of-memory kills") {
            () throws(SystemCallError) in try cgroup?.outOfMemoryKills() ?? 0
        }
        lifecycle.wasOutOfMemory = kills > 0
        if case .killed(let signal) = status { lifecycle.end.signal = signal.rawValue }
        if kills > 0, let cgroup { try noteMemory(of: cgroup, kills: kills) }
        guard kills > 0 || isOfKernel(status) else { return }
        lifecycle.end.kernel = kernelVerdicts(
            of: cgroup?.path, run, waits: status == .killed(Self.badCall))
    }

    private func noteMemory(of cgroup: Cgroup, kills: UInt64) throws(Problem) {
        let used = try explaining("cannot ask for the memory of the container") {
            () throws(SystemCallError) in try cgroup.statistics()
        }
        lifecycle.end.memory = ContainerEnd.MemoryUse(
            limitInBytes: used.memoryLimitInBytes, peakInBytes: used.memoryPeakInBytes, kills: kills
        )
    }

    /// SIGSYS.
    private static let badCall = Signal(rawValue: 31)

    /// Whether the kernel may have ended the program by itself: SIGILL, SIGTRAP, SIGBUS, SIGFPE,
    /// SIGSEGV, SIGSYS, or a SIGKILL that the monitor has not sent.
    private func isOfKernel(_ status: ExitStatus) -> Bool {
        guard case .killed(let signal) = status else { return false }
        if signal == .kill { return !lifecycle.end.sent.contains { $0.signal == 9 } }
        return [4, 5, 7, 8, 11, 31].contains(signal.rawValue)
    }

    /// What the kernel's log says of the run; nothing where it may not be read.
    private func kernelVerdicts(
        of cgroup: String?, _ run: ContainerRun, waits: Bool
    ) -> [KernelVerdict] {
        var texts: [String] = []
        // What is audited comes by a thread of the kernel's, a moment later; that is as long as the
        // machine has other work for its processors.
        for _ in 0..<(waits ? 200 : 1) {
            guard let messages = run.takeKernelMessages() else { return [] }
            texts += messages.map(\.text)
            let verdicts = KernelVerdict.all(in: texts, of: cgroup, process: run.process.id)
            if !verdicts.isEmpty { return verdicts }
            if waits { pause(microseconds: 10_000) }
        }
        return []
    }
}
