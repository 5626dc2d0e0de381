import ContainerRuntime
import Diagnostics
import Glibc
import Linux
import SystemPackage

/// A program that the engine started, until its end is waited for.
struct SpawnedProgram: ~Copyable {
    let pid: pid_t

    /// Starts a program with descriptors of the caller's choice; all others are closed, also those
    /// that the caller inherited: a monitor outlives it and would hold pipes and locks open.
    ///
    /// The call is `posix_spawn(3)`, which shares the memory instead of copying the page tables.
    ///
    /// - Parameters:
    ///   - path: the program.
    ///   - arguments: its arguments, with its name first.
    ///   - environment: its environment.
    ///   - descriptors: the caller's descriptors that become the program's 0, 1, 2, …; −1 is
    ///     `/dev/null`.
    ///   - hasOwnSession: `setsid(2)` first, so that no signal of the caller's terminal comes.
    /// - Throws: ``Problem`` when the program cannot be started.
    init(
        _ path: FilePath, arguments: [String], environment: [String], descriptors: [CInt],
        hasOwnSession: Bool
    ) throws(Problem) {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // The caller may have blocked signals for a signalfd; the program starts with none blocked.
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        var defaults = sigset_t()
        sigemptyset(&defaults)
        for signal in [SIGPIPE, SIGINT, SIGTERM, SIGHUP] { sigaddset(&defaults, signal) }
        posix_spawnattr_setsigdefault(&attributes, &defaults)
        posix_spawnattr_setflags(
            &attributes,
            Int16(
                POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF
                    | (hasOwnSession ? Self.startsSession : 0)))
        Self.add(descriptors, to: &actions)
        try explaining("cannot keep descriptors from \(path)") { () throws(SystemCallError) in
            try closeOnExecute(from: 3)
        }

        let argumentStrings = arguments.map { strdup($0) } + [nil]
        let environmentStrings = environment.map { strdup($0) } + [nil]
        defer { (argumentStrings + environmentStrings).forEach { free($0) } }
        var pid: pid_t = 0
        let refusal = path.withPlatformString {
            posix_spawn(
                &pid, $0, &actions, &attributes, argumentStrings, environmentStrings)
        }
        guard refusal == 0 else {
            throw Problem(
                kind: refusal == ENOENT ? .unavailable : Problem.Kind(Errno(rawValue: refusal)),
                what: "cannot start \(path)", why: "\(Errno(rawValue: refusal))",
                fix: refusal == ENOENT ? "install Kade completely: make install" : nil)
        }
        self.pid = pid
    }

    /// `POSIX_SPAWN_SETSID`, which the Glibc module does not show.
    private static let startsSession: CInt = 0x80

    /// Waits for the program's end, and returns its exit code (128 + n for signal n).
    consuming func wait() throws(Problem) -> Int32 {
        var status: CInt = 0
        let pid = pid
        try explaining("cannot wait for process \(pid)") { () throws(SystemCallError) in
            _ = try kernel("waitpid", "process \(pid)") { waitpid(pid, &status, 0) }
        }
        return status & 0x7f == 0 ? (status >> 8) & 0xff : 128 + (status & 0x7f)
    }

    /// The targets are a permutation at worst: sources are moved out of their way first, one beside
    /// the other, as there may be few numbers above the highest target (`RLIMIT_NOFILE`).
    private static func add(
        _ descriptors: [CInt], to actions: inout posix_spawn_file_actions_t
    ) {
        let clear = max(64, CInt(descriptors.count), (descriptors.max() ?? 0) + 1)
        for (place, source) in descriptors.filter({ $0 >= 0 }).enumerated() {
            posix_spawn_file_actions_adddup2(&actions, source, clear + CInt(place))
        }
        var moved = clear
        for (target, source) in descriptors.enumerated() {
            if source < 0 {
                posix_spawn_file_actions_addopen(
                    &actions, CInt(target), "/dev/null", O_RDWR, 0)
            } else {
                posix_spawn_file_actions_adddup2(&actions, moved, CInt(target))
                posix_spawn_file_actions_addclose(&actions, moved)
                moved += 1
            }
        }
    }
}
