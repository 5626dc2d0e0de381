import CLinux
import Glibc
package import SystemPackage

/// Opening, and the calls on what is open.
extension OwnedFD {
    /// Opens an existing file.
    ///
    /// The system call is `open(2)`; `O_CLOEXEC` is added.
    package static func open(_ path: FilePath, _ flags: OpenFlags) throws(SystemCallError)
        -> OwnedFD
    {
        try open(path, at: AT_FDCWD, flags, 0)
    }

    /// Opens a file and creates it with the given permissions, less the umask, where there is none.
    package static func open(
        _ path: FilePath, _ flags: OpenFlags, permissions: FilePermissions
    ) throws(SystemCallError) -> OwnedFD {
        try open(path, at: AT_FDCWD, flags, permissions.rawValue)
    }

    /// Opens a file relative to this directory.
    ///
    /// The system call is `openat(2)`.
    package borrowing func open(_ path: FilePath, _ flags: OpenFlags) throws(SystemCallError)
        -> OwnedFD
    {
        try OwnedFD.open(path, at: rawValue, flags, 0)
    }

    /// Opens a file relative to this directory and creates it where there is none.
    package borrowing func open(
        _ path: FilePath, _ flags: OpenFlags, permissions: FilePermissions
    ) throws(SystemCallError) -> OwnedFD {
        try OwnedFD.open(path, at: rawValue, flags, permissions.rawValue)
    }

    /// The path under which this process, and only it, reaches the open file again.
    ///
    /// See `proc(5)`, `/proc/self/fd`.
    package var procPath: FilePath { FilePath("/proc/self/fd/\(rawValue)") }

    /// Makes all written bytes last.
    ///
    /// The system call is `fsync(2)`.
    package borrowing func synchronize() throws(SystemCallError) {
        try kernel("fsync", describe(rawValue)) { fsync(rawValue) }
    }

    /// Sets the file's size.
    ///
    /// The system call is `ftruncate(2)`.
    package borrowing func truncate(toSizeInBytes size: Int64) throws(SystemCallError) {
        try kernel("ftruncate", describe(rawValue)) { ftruncate(rawValue, Int(size)) }
    }

    /// Sets the offset of the next read or write from the file's start.
    ///
    /// The system call is `lseek(2)`.
    package borrowing func seek(toOffsetInBytes offset: Int64) throws(SystemCallError) {
        try kernel("lseek", describe(rawValue)) { lseek(rawValue, Int(offset), SEEK_SET) }
    }

    /// The next range that has data, at or after an offset; nil where only a gap follows.
    ///
    /// It moves the descriptor's offset. The system call is `lseek(2)` with SEEK_DATA and SEEK_HOLE;
    /// a file system that knows no gaps says that all is data.
    package borrowing func dataRange(
        fromOffsetInBytes offset: Int64
    ) throws(SystemCallError) -> Range<Int64>? {
        let (data, hole): (CInt, CInt) = (3, 4)
        do throws(SystemCallError) {
            let start = try kernel("lseek", describe(rawValue)) {
                lseek(rawValue, Int(offset), data)
            }
            let end = try kernel("lseek", describe(rawValue)) { lseek(rawValue, start, hole) }
            return Int64(start)..<Int64(max(start, end))
        } catch  where error.errno == .noSuchAddressOrDevice {
            return nil
        }
    }

    private static func open(
        _ path: FilePath, at directory: CInt, _ flags: OpenFlags, _ mode: CInterop.Mode
    ) throws(SystemCallError) -> OwnedFD {
        let descriptor = try kernel("open", "\(path)") {
            path.withPlatformString {
                Glibc.openat(directory, $0, flags.rawValue | O_CLOEXEC, mode)
            }
        }
        return OwnedFD(adopting: descriptor)
    }
}

/// What a descriptor is open on, for an error's text: its path, else its number.
func describe(_ descriptor: CInt) -> String {
    guard let target = try? Link.target(of: FilePath("/proc/self/fd/\(descriptor)")) else {
        return "descriptor \(descriptor)"  // there may be no /proc to ask; the number remains
    }
    return "\(target)"
}
