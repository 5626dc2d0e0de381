import Linux
import SystemPackage

/// Keeps `/proc` true: the runtime itself reads and writes there while it sets up the container.
///
/// A mount over `/proc` or over most of its files, also through a symbolic link of the image, could
/// make it write a security label or a kernel parameter into a file of the attacker's choice.
enum ProcProtection {
    /// Refuses, with EACCES, a destination that is or lies in `/proc`.
    ///
    /// - Parameters:
    ///   - target: the destination, opened.
    ///   - mount: what is to be mounted.
    ///   - isFromProc: whether that is procfs itself.
    ///   - context: has the host's `/proc`, which alone is asked where the destination lies.
    /// - Throws: the refusal.
    static func check(
        _ target: borrowing OwnedFD, mount: ContainerMount, isFromProc: Bool,
        in context: borrowing SetupContext
    ) throws(SystemCallError) {
        if mount.destination == "/proc" {
            guard !isFromProc else { return }
            throw refusal(mount, "only proc may be mounted on /proc")
        }
        guard try FileSystemStatus(of: target).type == FileSystemStatus.proc else { return }
        let path = try context.openOwnDescriptors().linkTarget(of: FilePath("\(target.rawValue)"))
            .string
        let isHarmless = allowed.contains { path.hasSuffix("/proc/" + $0) }
        guard !isHarmless else { return }
        throw refusal(mount, "it lies inside /proc")
    }

    /// Refuses, with ELOOP, a place for proc or sysfs that is a symbolic link of the image.
    ///
    /// The rest of the setup would look for them where the spec says and find something else.
    static func checkIsDirectory(
        _ path: FilePath, beneath rootfs: borrowing RootedDirectory
    ) throws(SystemCallError) {
        guard try FileStatus(of: rootfs.openLast(path)).isDirectory else {
            throw SystemCallError(
                call: "mount", subject: "\(path) (a symbolic link of the image)",
                errno: .tooManySymbolicLinkLevels)
        }
    }

    private static func refusal(_ mount: ContainerMount, _ why: String) -> SystemCallError {
        SystemCallError(
            call: "mount", subject: "\(mount.destination) (\(why))", errno: .permissionDenied)
    }

    /// Files that only report, and that lxcfs and others replace.
    private static let allowed = [
        "cpuinfo", "diskstats", "meminfo", "stat", "swaps", "uptime", "loadavg", "slabinfo",
        "net/dev", "sys/kernel/ns_last_pid", "sys/crypto/fips_enabled",
    ]
}
