import CLinux
package import Glibc
import SystemPackage

extension OpenDirectory {
    /// What a name stands for; nil when there is no such name.
    package func status(
        of name: UnsafePointer<CChar>
    ) throws(SystemCallError) -> FileStatus? {
        var raw = stat()
        do {
            // A name that is not there is an answer here, not an error.
            try kernel("fstatat", String(cString: name)) {
                fstatat(descriptor.rawValue, name, &raw, AT_SYMLINK_NOFOLLOW)
            }
        } catch  where error.errno == .noSuchFileOrDirectory {
            return nil
        }
        return FileStatus(raw)
    }

    /// When what has a name was made; nil where the file system does not say.
    ///
    /// The system call is `statx(2)` with `STATX_BTIME`.
    package func birthTime(
        of name: UnsafePointer<CChar>
    ) throws(SystemCallError) -> FileTime? {
        var (seconds, nanoseconds) = (Int64(0), UInt32(0))
        try kernel("statx", String(cString: name)) {
            clinux_birth_time(
                descriptor.rawValue, name, AT_SYMLINK_NOFOLLOW, &seconds, &nanoseconds)
        }
        if seconds == 0, nanoseconds == 0 { return nil }
        return FileTime(seconds: seconds, nanoseconds: Int64(nanoseconds))
    }

    /// What the directory itself is.
    package func status() throws(SystemCallError) -> FileStatus {
        try descriptor.status(of: "directory")
    }

    /// A symbolic link's text.
    package func symlinkTarget(_ name: UnsafePointer<CChar>) throws(SystemCallError) -> [CChar] {
        var text = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
        let length = try kernel("readlinkat", String(cString: name)) {
            readlinkat(descriptor.rawValue, name, &text, Int(PATH_MAX))
        }
        return Array(text[..<length]) + [0]
    }

    /// Sets owner and group of a name, not following a link.
    package func setOwner(
        _ name: UnsafePointer<CChar>, owner: uid_t, group: gid_t
    ) throws(SystemCallError) {
        try kernel("fchownat", String(cString: name)) {
            fchownat(descriptor.rawValue, name, owner, group, AT_SYMLINK_NOFOLLOW)
        }
    }

    /// Sets the permission bits of a name that is known not to be a symbolic link.
    package func setPermissions(
        _ name: UnsafePointer<CChar>, _ permissions: mode_t
    ) throws(SystemCallError) {
        try kernel("fchmodat", String(cString: name)) {
            fchmodat(descriptor.rawValue, name, permissions, 0)
        }
    }

    /// Sets the time of last modification (and of access) of a name, not following a link.
    package func setModified(
        _ name: UnsafePointer<CChar>, _ time: FileTime
    ) throws(SystemCallError) {
        let moment = timespec(tv_sec: Int(time.seconds), tv_nsec: Int(time.nanoseconds))
        let times = [moment, moment]
        try kernel("utimensat", String(cString: name)) {
            utimensat(descriptor.rawValue, name, times, AT_SYMLINK_NOFOLLOW)
        }
    }

    /// Sets an extended attribute of a name, not following a link.
    package func setAttribute(
        _ attribute: UnsafePointer<CChar>, of name: UnsafePointer<CChar>, to value: [UInt8]
    ) throws(SystemCallError) {
        try kernel("lsetxattr", "\(String(cString: attribute)) of \(String(cString: name))") {
            clinux_setxattr_at(descriptor.rawValue, name, attribute, value, value.count)
        }
    }

    /// An extended attribute's value, or nil when the file or its file system has none.
    package func attribute(
        _ attribute: UnsafePointer<CChar>, of name: UnsafePointer<CChar>
    ) throws(SystemCallError) -> [UInt8]? {
        var value = [UInt8](repeating: 0, count: 65536)  // the kernel's XATTR_SIZE_MAX
        do {
            let size = try kernel("lgetxattr", String(cString: name)) {
                clinux_getxattr_at(descriptor.rawValue, name, attribute, &value, value.count)
            }
            return Array(value[..<Int(size)])
        } catch  where error.errno == .noData || error.errno == .notSupported {
            return nil
        }
    }

    /// The names of a file's extended attributes.
    package func attributes(of name: UnsafePointer<CChar>) throws(SystemCallError) -> [String] {
        var list = [CChar](repeating: 0, count: 65536)  // the kernel's XATTR_LIST_MAX
        do {
            let size = try kernel("llistxattr", String(cString: name)) {
                clinux_listxattr_at(descriptor.rawValue, name, &list, list.count)
            }
            return list[..<Int(size)].split(separator: 0).map {
                String(decoding: $0.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            }
        } catch  where error.errno == .notSupported {
            return []
        }
    }

    /// The names in the directory without "." and "..", in the file system's order.
    package func names() throws(SystemCallError) -> [[CChar]] {
        let copy = try descriptor.open(".", [.readOnly, .directory]).release()
        guard let stream = fdopendir(copy) else {
            let refusal = Errno(rawValue: clinux_errno())
            close(copy)
            throw SystemCallError(call: "fdopendir", subject: "directory", errno: refusal)
        }
        defer { closedir(stream) }
        var names: [[CChar]] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { text in
                    Array(UnsafeBufferPointer(start: text, count: strlen(text) + 1))
                }
            }
            if name == [46, 0] || name == [46, 46, 0] { continue }
            names.append(name)
        }
        return names
    }

    /// Removes a name and, when it is a directory, all that is beneath it.
    ///
    /// It never follows a link, and goes into nothing that is mounted beneath: EXDEV refuses, and what
    /// is mounted keeps its files. No error when there is no such name.
    package func removeTree(_ name: UnsafePointer<CChar>) throws(SystemCallError) {
        do {
            try removeFile(name)
        } catch  where error.errno == .noSuchFileOrDirectory {
            return
        } catch  where error.errno == .isDirectory || error.errno == .notPermitted {
            let inner: OpenDirectory
            do {
                inner = try directory(onSameMount: name)
            } catch  where error.errno == .permissionDenied {
                try setPermissions(name, 0o700)
                inner = try directory(onSameMount: name)
            }
            for child in try inner.names() { try inner.removeTree(child) }
            try removeDirectory(name)
        }
    }

    /// Writes all that the file system holds in memory to the disk: `syncfs(2)`.
    package func synchronizeFileSystem() throws(SystemCallError) {
        try kernel("syncfs", "file system") { clinux_sync_file_system(descriptor.rawValue) }
    }
}
