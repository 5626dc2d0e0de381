import ContainerRuntime
import Diagnostics
import Glibc
import Linux
import SystemPackage

/// Keeps containers from writing to this program's file (CVE-2019-5736).
///
/// A process in the container could open `/proc/<pid>/exe` of init or exec while they are still
/// this program. So the program executes itself again from a clone of its mount that is read-only
/// (open_tree(2), mount_setattr(2)): whoever opens it for writing gets EROFS.
///
/// That costs a second start. Nearly always it is spared: Sources/CEntry has moved the process to
/// such a clone before anything was set up, or an engine has started it from one.
enum SelfProtection {
    /// Goes on only as a program that cannot be written to, and without files of its caller's.
    ///
    /// - Parameters:
    ///   - first: the lowest descriptor that is not passed on to the container.
    ///   - kept: descriptors above that the command itself uses.
    /// - Throws: the ``Problem`` that the kernel's refusal means.
    static func ensure(closingFrom first: Int, keeping kept: [CInt]) throws(Problem) {
        // Init waits as a copy of this process, perhaps for long, before it executes the program.
        try explaining("cannot close inherited files") { () throws(SystemCallError) in
            try closeInherited(from: CInt(clamping: first), keeping: kept)
        }
        let isProtected: Bool
        do throws(SystemCallError) {
            isProtected = try reexecute()
        } catch  where tolerated.contains(error.errno) {
            // Without CAP_SYS_ADMIN there are no private mounts; nor can an unprivileged
            // container write to a file of root's.
            isProtected = true
        } catch {
            throw Problem(
                what: "cannot protect the runtime's program file", refusal: error,
                fix: "it takes open_tree(2) and mount_setattr(2) of Linux 5.12")
        }
        precondition(isProtected, "execve returned")
    }

    private static let tolerated: [Errno] = [.notPermitted]

    /// - Returns: true when the file is on a read-only mount already.
    private static func reexecute() throws(SystemCallError) -> Bool {
        let program = try OwnedFD.open("/proc/self/exe", .path)
        // ST_RDONLY is the mount's flag too (statfs(2)).
        if try FileSystemStatus(of: program).flags & 1 != 0 {
            // Executed through a descriptor, the process is called by its number.
            try setProcessName("kade-runtime")
            return true
        }
        let clone = try DetachedMount(cloning: program, isRecursive: false)
        try clone.descriptor.changeMount(
            MountAttributeChange(set: .readOnly, clear: [], propagation: .private),
            isRecursive: false)
        let arguments = CommandLine.arguments
        var environment: [String] = []
        var next = environ
        while let entry = next.pointee {
            environment.append(String(cString: entry))
            next += 1
        }
        throw Program(arguments: arguments, environment: environment)
            .execute(at: clone.descriptor.procPath)
    }
}
