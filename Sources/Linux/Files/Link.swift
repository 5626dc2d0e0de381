import CLinux
import Glibc
package import SystemPackage

/// Names in directories: what points to what.
package enum Link {
    /// Where a symbolic link points.
    ///
    /// The system call is `readlink(2)`.
    package static func target(of path: FilePath) throws(SystemCallError) -> FilePath {
        try target(of: path, at: AT_FDCWD)
    }

    /// Makes a symbolic link.
    ///
    /// The system call is `symlink(2)`.
    package static func makeSymbolic(
        at path: FilePath, to target: FilePath
    ) throws(SystemCallError) {
        try makeSymbolic(at: path, to: target, in: AT_FDCWD)
    }

    /// Makes a second name for a file.
    ///
    /// The system call is `link(2)`.
    package static func makeHard(at path: FilePath, to file: FilePath) throws(SystemCallError) {
        try kernel("link", "\(path)") {
            file.withPlatformString { file in path.withPlatformString { link(file, $0) } }
        }
    }

    /// Makes a name for a file that is open, and may have none yet (`O_TMPFILE`).
    ///
    /// The system call is `linkat(2)` with `AT_SYMLINK_FOLLOW`, through `/proc/self/fd`.
    package static func makeHard(
        at path: FilePath, toOpen file: borrowing OwnedFD
    ) throws(SystemCallError) {
        let source = file.procPath
        try kernel("linkat", "\(path)") {
            source.withPlatformString { source in
                path.withPlatformString {
                    linkat(AT_FDCWD, source, AT_FDCWD, $0, AT_SYMLINK_FOLLOW)
                }
            }
        }
    }

    /// Moves a file within its file system, over one that is there.
    ///
    /// The system call is `rename(2)`.
    package static func rename(_ path: FilePath, to target: FilePath) throws(SystemCallError) {
        try kernel("rename", "\(path)") {
            path.withPlatformString { path in
                target.withPlatformString { Glibc.rename(path, $0) }
            }
        }
    }

    /// Moves a file, and fails with EEXIST where the target is there.
    ///
    /// The system call is `renameat2(2)` with `RENAME_NOREPLACE`.
    package static func rename(
        _ path: FilePath, toNew target: FilePath
    ) throws(SystemCallError) {
        try kernel("renameat2", "\(target)") {
            path.withPlatformString { path in
                target.withPlatformString {
                    clinux_renameat2(AT_FDCWD, path, AT_FDCWD, $0, 1)
                }
            }
        }
    }

    /// Removes a name that is not a directory's.
    ///
    /// The system call is `unlink(2)`.
    package static func remove(_ path: FilePath) throws(SystemCallError) {
        try kernel("unlink", "\(path)") { path.withPlatformString { unlink($0) } }
    }

    static func target(of path: FilePath, at directory: CInt) throws(SystemCallError) -> FilePath {
        let capacity = Int(PATH_MAX) + 1
        let buffer = UnsafeMutablePointer<CChar>.allocate(capacity: capacity)
        defer { buffer.deallocate() }
        let count = try kernel("readlink", "\(path)") {
            path.withPlatformString { readlinkat(directory, $0, buffer, capacity - 1) }
        }
        buffer[count] = 0
        return FilePath(platformString: buffer)
    }

    static func makeSymbolic(
        at path: FilePath, to target: FilePath, in directory: CInt
    ) throws(SystemCallError) {
        try kernel("symlink", "\(path)") {
            path.withPlatformString { path in
                target.withPlatformString { symlinkat($0, directory, path) }
            }
        }
    }
}

extension OwnedFD {
    /// Where a symbolic link in this directory points.
    package borrowing func linkTarget(of path: FilePath) throws(SystemCallError) -> FilePath {
        try Link.target(of: path, at: rawValue)
    }

    /// Makes a symbolic link in this directory.
    package borrowing func makeSymbolicLink(
        at path: FilePath, to target: FilePath
    ) throws(SystemCallError) {
        try Link.makeSymbolic(at: path, to: target, in: rawValue)
    }

    /// Makes a name in this directory for a file that another directory names.
    ///
    /// The system call is `linkat(2)`; it does not follow a last symbolic link.
    package borrowing func makeHardLink(
        at path: FilePath, to file: FilePath, in directory: borrowing OwnedFD
    ) throws(SystemCallError) {
        let (here, there) = (rawValue, directory.rawValue)
        try kernel("linkat", "\(path)") {
            file.withPlatformString { file in
                path.withPlatformString { linkat(there, file, here, $0, 0) }
            }
        }
    }

    /// Moves a name of this directory to another one, and fails with EEXIST where it is taken there.
    ///
    /// The system call is `renameat2(2)` with `RENAME_NOREPLACE`. Network file systems without that
    /// are asked first whether the name is taken.
    package borrowing func rename(
        _ name: FilePath, toNew newName: FilePath, in directory: borrowing OwnedFD
    ) throws(SystemCallError) {
        let (here, there) = (rawValue, directory.rawValue)
        do throws(SystemCallError) {
            try kernel("renameat2", "\(newName)") {
                name.withPlatformString { name in
                    newName.withPlatformString { clinux_renameat2(here, name, there, $0, 1) }
                }
            }
        } catch  where error.errno == .invalidArgument {
            var status = stat()
            let isTaken = newName.withPlatformString {
                fstatat(there, $0, &status, AT_SYMLINK_NOFOLLOW) == 0
            }
            if isTaken {
                throw SystemCallError(
                    call: "renameat", subject: "\(newName)", errno: .fileExists)
            }
            try kernel("renameat", "\(newName)") {
                name.withPlatformString { name in
                    newName.withPlatformString { renameat(here, name, there, $0) }
                }
            }
        }
    }

    /// Removes a name in this directory.
    ///
    /// The system call is `unlinkat(2)`, for a directory with `AT_REMOVEDIR`.
    package borrowing func remove(
        _ path: FilePath, isDirectory: Bool
    ) throws(SystemCallError) {
        let flags = isDirectory ? AT_REMOVEDIR : 0
        try kernel("unlinkat", "\(path)") {
            path.withPlatformString { unlinkat(rawValue, $0, flags) }
        }
    }
}
