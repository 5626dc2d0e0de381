import CLinux
import Glibc
package import SystemPackage

/// A directory held open, and the calls that act on names inside it.
///
/// Names are single components: no call here follows a symbolic link, so that nothing outside the
/// directory can be reached by what stands inside it.
package struct OpenDirectory: ~Copyable, Sendable {
    package let descriptor: OwnedFD

    package init(adopting descriptor: consuming OwnedFD) { self.descriptor = descriptor }

    /// Opens the directory at a path of the host.
    package init(at path: FilePath) throws(SystemCallError) {
        let raw = try kernel("open", path.string) {
            path.withPlatformString { open($0, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
        }
        descriptor = OwnedFD(adopting: raw)
    }

    /// Opens a directory inside it; a symbolic link is refused with ENOTDIR or ELOOP.
    package func directory(_ name: UnsafePointer<CChar>) throws(SystemCallError) -> OpenDirectory {
        let flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
        let raw = try kernel("openat", String(cString: name)) {
            openat(descriptor.rawValue, name, flags)
        }
        return OpenDirectory(adopting: OwnedFD(adopting: raw))
    }

    /// Opens a directory in this one that nothing is mounted on.
    ///
    /// The system call is `openat2(2)` with RESOLVE_NO_XDEV and RESOLVE_NO_SYMLINKS.
    func directory(
        onSameMount name: UnsafePointer<CChar>
    ) throws(SystemCallError) -> OpenDirectory {
        try directory(name, resolving: 0x01 | 0x04)
    }

    /// Opens the directory at a relative path, through links that stay beneath this one.
    ///
    /// The system call is `openat2(2)` with RESOLVE_BENEATH and RESOLVE_NO_MAGICLINKS; a path that
    /// leaves is refused with EXDEV.
    package func directory(
        beneath path: UnsafePointer<CChar>
    ) throws(SystemCallError) -> OpenDirectory {
        try directory(path, resolving: 0x08 | 0x02)
    }

    private func directory(
        _ path: UnsafePointer<CChar>, resolving rules: UInt64
    ) throws(SystemCallError) -> OpenDirectory {
        let raw = try kernel("openat2", String(cString: path)) {
            clinux_open_resolving(descriptor.rawValue, path, O_RDONLY | O_DIRECTORY, rules)
        }
        return OpenDirectory(adopting: OwnedFD(adopting: raw))
    }

    /// A second descriptor of the same directory.
    package func duplicate() throws(SystemCallError) -> OpenDirectory {
        try directory(".")
    }

    /// Opens a file for reading; a symbolic link is refused with ELOOP.
    package func openFile(_ name: UnsafePointer<CChar>) throws(SystemCallError) -> OwnedFD {
        let raw = try kernel("openat", String(cString: name)) {
            openat(descriptor.rawValue, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)
        }
        return OwnedFD(adopting: raw)
    }

    /// Makes a new file for writing; EEXIST when the name is taken.
    package func makeFile(
        _ name: UnsafePointer<CChar>, permissions: CInterop.Mode
    ) throws(SystemCallError) -> OwnedFD {
        let flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
        let raw = try kernel("openat", String(cString: name)) {
            openat(descriptor.rawValue, name, flags, permissions)
        }
        return OwnedFD(adopting: raw)
    }

    /// Opens a file for reading and writing, and makes it when it does not exist.
    package func openOrMakeFile(
        _ name: UnsafePointer<CChar>, permissions: CInterop.Mode
    ) throws(SystemCallError) -> OwnedFD {
        let flags = O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC
        let raw = try kernel("openat", String(cString: name)) {
            openat(descriptor.rawValue, name, flags, permissions)
        }
        return OwnedFD(adopting: raw)
    }

    /// Makes a directory; EEXIST when the name is taken.
    package func makeDirectory(
        _ name: UnsafePointer<CChar>, permissions: CInterop.Mode
    ) throws(SystemCallError) {
        try kernel("mkdirat", String(cString: name)) {
            mkdirat(descriptor.rawValue, name, permissions)
        }
    }

    /// Makes a device node or fifo: `mode` holds S_IFCHR, S_IFBLK or S_IFIFO and the permissions.
    package func makeNode(
        _ name: UnsafePointer<CChar>, mode: CInterop.Mode, device: DeviceNumber
    ) throws(SystemCallError) {
        try kernel("mknodat", String(cString: name)) {
            mknodat(descriptor.rawValue, name, mode, dev_t(device.rawValue))
        }
    }

    /// Makes a symbolic link whose text is `target`.
    package func makeSymlink(
        _ name: UnsafePointer<CChar>, target: UnsafePointer<CChar>
    ) throws(SystemCallError) {
        try kernel("symlinkat", String(cString: name)) {
            symlinkat(target, descriptor.rawValue, name)
        }
    }

    /// Makes a second name of a file; the file is never looked up through a symbolic link.
    package func makeLink(
        _ name: UnsafePointer<CChar>, to target: UnsafePointer<CChar>,
        in directory: borrowing OpenDirectory
    ) throws(SystemCallError) {
        let source = directory.descriptor.rawValue
        try kernel("linkat", String(cString: name)) {
            linkat(source, target, descriptor.rawValue, name, 0)
        }
    }

    /// Moves a name into another directory and replaces what has the new name.
    package func rename(
        _ name: UnsafePointer<CChar>, to newName: UnsafePointer<CChar>,
        in directory: borrowing OpenDirectory
    ) throws(SystemCallError) {
        let target = directory.descriptor.rawValue
        try kernel("renameat", String(cString: name)) {
            renameat(descriptor.rawValue, name, target, newName)
        }
    }

    /// Removes a name that is not a directory's.
    package func removeFile(_ name: UnsafePointer<CChar>) throws(SystemCallError) {
        try kernel("unlinkat", String(cString: name)) { unlinkat(descriptor.rawValue, name, 0) }
    }

    /// Removes an empty directory.
    package func removeDirectory(_ name: UnsafePointer<CChar>) throws(SystemCallError) {
        try kernel("unlinkat", String(cString: name)) {
            unlinkat(descriptor.rawValue, name, CInt(AT_REMOVEDIR))
        }
    }
}
