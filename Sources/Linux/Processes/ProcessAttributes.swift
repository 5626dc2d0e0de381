import CLinux
import Glibc
import SystemPackage

/// The clock at which a process was made, in ticks since boot (proc_pid_stat(5), field 22).
///
/// With the process identifier it names one process for as long as the machine runs.
///
/// - Returns: nil when there is no such process, or when it has ended and waits for its parent.
package func processStartTime(_ id: CInt) throws(SystemCallError) -> UInt64? {
    guard let status = try ProcessStatus(of: id), !status.hasEnded else { return nil }
    return status.startTime
}

/// What `/proc/<pid>/stat` says (proc_pid_stat(5)).
package struct ProcessStatus: Sendable, Equatable {
    /// The state's letter: "R", "S", "D", "T", "Z", "X".
    package let state: Character
    /// The parent.
    package let parentID: CInt
    /// Ticks since boot.
    package let startTime: UInt64

    /// Whether the process is a zombie or dead.
    package var hasEnded: Bool { state == "Z" || state == "X" }

    /// Reads the line; the program's name may hold any character, also a parenthesis.
    package init?(parsing line: String) {
        guard let nameEnd = line.utf8.lastIndex(of: UInt8(ascii: ")")) else { return nil }
        let fields = line[nameEnd...].utf8.dropFirst()
            .split(separator: UInt8(ascii: " "), maxSplits: 20)
        guard fields.count >= 20, let state = fields[0].first,
            let parent = CInt(Substring(fields[1])), let startTime = UInt64(Substring(fields[19]))
        else { return nil }
        self.state = Character(Unicode.Scalar(state))
        self.parentID = parent
        self.startTime = startTime
    }

    /// Asks the kernel; nil when there is no such process.
    package init?(of id: CInt) throws(SystemCallError) {
        let line: String
        do throws(SystemCallError) {
            line = try readProcessFile("/proc/\(id)/stat")
        } catch {
            let isGone = error.errno == .noSuchFileOrDirectory || error.errno == .noSuchProcess
            if isGone { return nil }
            throw error
        }
        self.init(parsing: line)
    }
}

/// Closes this process's memory and open files to every other one without CAP_SYS_PTRACE where this
/// program was executed, until it executes another program.
///
/// The system call is `prctl(2)` with `PR_SET_DUMPABLE`. The process's files in `/proc` belong to
/// root from then on.
package func forbidInspection() throws(SystemCallError) {
    try kernel("prctl", "PR_SET_DUMPABLE") { clinux_prctl(4, 0, 0, 0, 0) }
}

/// Closes every descriptor from `first` on when the process executes another program
/// (close_range(2), `CLOSE_RANGE_CLOEXEC`).
package func closeOnExecute(from first: CInt) throws(SystemCallError) {
    try kernel("close_range", "descriptors from \(first)") {
        clinux_close_range(UInt32(first), .max, 4)
    }
}

/// Closes every descriptor from `first` on but some when the process executes another program.
///
/// The system call is `close_range(2)` with `CLOSE_RANGE_CLOEXEC`, and `fcntl(2)` for those that stay.
package func closeOnExecute(from first: CInt, keeping kept: [CInt]) throws(SystemCallError) {
    try closeOnExecute(from: first)
    for number in kept where number >= first {
        try kernel("fcntl", "descriptor \(number)") { clinux_fcntl(number, F_SETFD, 0) }
    }
}

/// Whether a descriptor was open when this program was executed: those that the program has opened
/// itself would be closed by `execve(2)` (`FD_CLOEXEC`).
package func isInherited(_ number: CInt) -> Bool { clinux_fcntl(number, F_GETFD, 0) == 0 }

/// Lets a descriptor that was inherited be inherited by the next program, too.
package func passOn(_ number: CInt) throws(SystemCallError) {
    try kernel("fcntl", "descriptor \(number)") { clinux_fcntl(number, F_SETFD, 0) }
}

/// Closes all descriptors from a number on but some, so that whoever waits for the end of a pipe
/// that was passed on by chance does not wait for this process.
///
/// The system call is `close_range(2)`.
package func closeInherited(from first: CInt, keeping kept: [CInt]) throws(SystemCallError) {
    var next = UInt32(first)
    for number in kept.sorted() where number >= first {
        let end = UInt32(number)
        if end > next {
            let begin = next
            try kernel("close_range", "descriptors from \(begin)") {
                clinux_close_range(begin, end - 1, 0)
            }
        }
        next = end + 1
    }
    let begin = next
    try kernel("close_range", "descriptors from \(begin)") {
        clinux_close_range(begin, .max, 0)
    }
}

/// A limit of resources of a process (getrlimit(2)).
package enum ResourceLimit: String, Sendable, CaseIterable {
    case cpu = "RLIMIT_CPU"
    case fileSize = "RLIMIT_FSIZE"
    case data = "RLIMIT_DATA"
    case stack = "RLIMIT_STACK"
    case core = "RLIMIT_CORE"
    case residentSet = "RLIMIT_RSS"
    case processes = "RLIMIT_NPROC"
    case openFiles = "RLIMIT_NOFILE"
    case lockedMemory = "RLIMIT_MEMLOCK"
    case addressSpace = "RLIMIT_AS"
    case locks = "RLIMIT_LOCKS"
    case pendingSignals = "RLIMIT_SIGPENDING"
    case messageQueues = "RLIMIT_MSGQUEUE"
    case nice = "RLIMIT_NICE"
    case realTimePriority = "RLIMIT_RTPRIO"
    case realTime = "RLIMIT_RTTIME"

    /// The kernel's number.
    private var number: CInt {
        switch self {
        case .cpu: 0
        case .fileSize: 1
        case .data: 2
        case .stack: 3
        case .core: 4
        case .residentSet: 5
        case .processes: 6
        case .openFiles: 7
        case .lockedMemory: 8
        case .addressSpace: 9
        case .locks: 10
        case .pendingSignals: 11
        case .messageQueues: 12
        case .nice: 13
        case .realTimePriority: 14
        case .realTime: 15
        }
    }

    /// Sets a process's soft and hard limit; `UInt64.max` means none (prlimit(2)).
    package func set(
        soft: UInt64, hard: UInt64, of process: CInt
    ) throws(SystemCallError) {
        let number = number
        try kernel("prlimit", rawValue) {
            clinux_set_resource_limit(process, number, soft, hard)
        }
    }

    /// The hard limit of a process; 0 means the calling one.
    package func hardLimit(of process: CInt) throws(SystemCallError) -> UInt64 {
        let number = number
        var (soft, hard): (UInt64, UInt64) = (0, 0)
        try kernel("prlimit", rawValue) {
            clinux_resource_limit(process, number, &soft, &hard)
        }
        return hard
    }
}

/// Reads a file of `/proc` that is shorter than a page.
private func readProcessFile(_ path: String) throws(SystemCallError) -> String {
    let descriptor = OwnedFD(
        adopting: try kernel("open", path) { open(path, O_RDONLY | O_CLOEXEC) })
    let raw = descriptor.rawValue
    var refusal: SystemCallError?
    let text = String(unsafeUninitializedCapacity: 4096) { buffer in
        do throws(SystemCallError) {
            return try kernel("read", path) { read(raw, buffer.baseAddress, 4096) }
        } catch {
            refusal = error
            return 0
        }
    }
    if let refusal { throw refusal }
    return text
}
