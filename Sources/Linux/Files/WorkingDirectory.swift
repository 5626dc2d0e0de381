import CLinux
import Glibc
package import SystemPackage

/// The directory that relative paths start from.
package enum WorkingDirectory {
    /// Changes it to a path.
    ///
    /// The system call is `chdir(2)`.
    package static func change(to path: FilePath) throws(SystemCallError) {
        try kernel("chdir", "\(path)") { path.withPlatformString { chdir($0) } }
    }

    /// Changes it to an open directory.
    ///
    /// The system call is `fchdir(2)`.
    package static func change(to directory: borrowing OwnedFD) throws(SystemCallError) {
        let descriptor = directory.rawValue
        try kernel("fchdir", describe(descriptor)) { fchdir(descriptor) }
    }

    /// Its path; refused with ENOENT where it lies outside of the root.
    ///
    /// It is the kernel's answer (`getcwd(2)`): the C library, where that is no path from the root,
    /// would go up by `..` and could find another root's.
    package static func path() throws(SystemCallError) -> FilePath {
        let buffer = UnsafeMutablePointer<CChar>.allocate(capacity: Int(PATH_MAX) + 1)
        defer { buffer.deallocate() }
        try kernel("getcwd", ".") { clinux_getcwd(buffer, Int(PATH_MAX)) }
        let path = FilePath(platformString: buffer)
        // Since Linux 2.6.36 a directory outside of the root is "(unreachable)…".
        guard path.isAbsolute else {
            throw SystemCallError(call: "getcwd", subject: "\(path)", errno: .noSuchFileOrDirectory)
        }
        return path
    }

    /// Makes a directory the root of all paths of this process.
    ///
    /// The system call is `chroot(2)`.
    package static func changeRoot(to path: FilePath) throws(SystemCallError) {
        try kernel("chroot", "\(path)") { path.withPlatformString { chroot($0) } }
    }

    /// Makes an open directory the root and the working directory of this process.
    package static func changeRoot(to directory: borrowing OwnedFD) throws(SystemCallError) {
        try change(to: directory)
        try changeRoot(to: ".")
    }
}
