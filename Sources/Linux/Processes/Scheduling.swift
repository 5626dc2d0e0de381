import CLinux

/// How the kernel gives a process time on the processors (sched_setattr(2)).
package struct SchedulingAttributes: Sendable, Equatable {
    /// `SCHED_OTHER` 0, `FIFO` 1, `RR` 2, `BATCH` 3, `ISO` 4, `IDLE` 5, `DEADLINE` 6.
    package var policy: UInt32
    /// `SCHED_FLAG_…` bits.
    package var flags: UInt64
    package var nice: Int32
    package var priority: UInt32
    package var runtimeInNanoseconds: UInt64
    package var deadlineInNanoseconds: UInt64
    package var periodInNanoseconds: UInt64

    package init(
        policy: UInt32, flags: UInt64, nice: Int32, priority: UInt32,
        runtimeInNanoseconds: UInt64, deadlineInNanoseconds: UInt64, periodInNanoseconds: UInt64
    ) {
        self.policy = policy
        self.flags = flags
        self.nice = nice
        self.priority = priority
        self.runtimeInNanoseconds = runtimeInNanoseconds
        self.deadlineInNanoseconds = deadlineInNanoseconds
        self.periodInNanoseconds = periodInNanoseconds
    }

    /// Applies them to the calling process.
    package func apply() throws(SystemCallError) {
        try kernel("sched_setattr", "policy \(policy)") {
            clinux_sched_setattr(
                0, policy, flags, nice, priority, runtimeInNanoseconds, deadlineInNanoseconds,
                periodInNanoseconds)
        }
    }
}

/// Sets the calling process's class (1 real time, 2 best effort, 3 idle) and level of disk access
/// (ioprio_set(2)).
package func setIOPriority(class ioClass: Int32, level: Int32) throws(SystemCallError) {
    try kernel("ioprio_set", "class \(ioClass) level \(level)") {
        clinux_ioprio_set(1, 0, ioClass << 13 | level)  // IOPRIO_WHO_PROCESS, the caller
    }
}

/// Ties a process to processors (sched_setaffinity(2)); 0 is the calling process.
package func setAffinity(of process: CInt, to processors: [Int]) throws(SystemCallError) {
    let mask = bitMask(of: processors)
    try kernel("sched_setaffinity", "processors \(processors)") {
        mask.withUnsafeBufferPointer {
            clinux_sched_setaffinity(process, UInt64($0.count * 8), $0.baseAddress)
        }
    }
}

/// Says from which nodes the calling process gets memory (set_mempolicy(2)).
///
/// - Parameters:
///   - mode: `MPOL_DEFAULT` 0, `PREFERRED` 1, `BIND` 2, `INTERLEAVE` 3, `LOCAL` 4,
///     `PREFERRED_MANY` 5, `WEIGHTED_INTERLEAVE` 6, and `MPOL_F_…` bits.
///   - nodes: the memory nodes; some modes want none.
/// - Throws: ENOSYS on a kernel without NUMA, EINVAL for nodes that the mode or machine lacks.
package func setMemoryPolicy(mode: Int32, nodes: [Int]) throws(SystemCallError) {
    let mask = bitMask(of: nodes)
    try kernel("set_mempolicy", "mode \(mode) nodes \(nodes)") {
        mask.withUnsafeBufferPointer {
            clinux_set_mempolicy(mode, $0.baseAddress, nodes.isEmpty ? 0 : UInt64($0.count * 64))
        }
    }
}

/// One bit for each number.
private func bitMask(of numbers: [Int]) -> [UInt64] {
    var mask: [UInt64] = Array(repeating: 0, count: (numbers.max() ?? 0) / 64 + 1)
    for number in numbers { mask[number / 64] |= 1 << UInt64(number % 64) }
    return mask
}
