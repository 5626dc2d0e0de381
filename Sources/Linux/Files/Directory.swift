import CLinux
import Glibc
package import SystemPackage

/// Directories by path.
package enum Directory {
    /// Makes one directory.
    ///
    /// The system call is `mkdir(2)`.
    package static func make(
        _ path: FilePath, permissions: FilePermissions
    ) throws(SystemCallError) {
        try kernel("mkdir", "\(path)") {
            path.withPlatformString { mkdir($0, permissions.rawValue) }
        }
    }

    /// Makes a directory and those above it, where they are missing.
    package static func makeAll(
        _ path: FilePath, permissions: FilePermissions
    ) throws(SystemCallError) {
        // Others may remove meanwhile what was made above it; but file systems that take no
        // directories, such as proc, say the same each time.
        for turn in 1...8 {
            do throws(SystemCallError) {
                return try make(path, permissions: permissions)
            } catch  where error.errno == .fileExists {
                guard try FileStatus(of: path).kind == .directory else { throw error }
                return
            } catch  where error.errno == .noSuchFileOrDirectory {
                let parent = PathParts(path).directory
                guard turn < 8, !parent.isEmpty, parent != path else { throw error }
                try makeAll(parent, permissions: permissions)
            }
        }
    }

    /// Removes an empty directory.
    ///
    /// The system call is `rmdir(2)`.
    package static func remove(_ path: FilePath) throws(SystemCallError) {
        try kernel("rmdir", "\(path)") { path.withPlatformString { rmdir($0) } }
    }

    /// Lists a directory, without `.` and `..`, in the order of the disk.
    package static func list(_ path: FilePath) throws(SystemCallError) -> [DirectoryEntry] {
        try OwnedFD.open(path, [.readOnly, .directory]).listDirectory()
    }

    /// Makes the names in a file's directory last: creations, renames, removals.
    package static func synchronize(containing path: FilePath) throws(SystemCallError) {
        let parent = path.removingLastComponent()
        try OwnedFD.open(parent.isEmpty ? "." : parent, [.readOnly, .directory]).synchronize()
    }

    /// Removes a file or a directory with all that is beneath it, following no symbolic link.
    ///
    /// What is gone already is no error.
    package static func removeTree(_ path: FilePath) throws(SystemCallError) {
        guard let name = path.lastComponent else {
            throw SystemCallError(call: "unlinkat", subject: "\(path)", errno: .invalidArgument)
        }
        let parent = path.removingLastComponent()
        let text = name.string
        do throws(SystemCallError) {
            let directory = try OpenDirectory(at: parent.isEmpty ? "." : parent)
            try directory.removeTree(text)
        } catch  where error.errno == .noSuchFileOrDirectory {}
    }
}

/// A name in a directory.
package struct DirectoryEntry: Sendable {
    package var name: FilePath.Component
    /// What it names, where the file system says so (`d_type`).
    package var kind: FileStatus.Kind?
    package var inode: UInt64
}

extension OwnedFD {
    /// Makes a directory in this one.
    ///
    /// The system call is `mkdirat(2)`.
    package borrowing func makeDirectory(
        _ path: FilePath, permissions: FilePermissions
    ) throws(SystemCallError) {
        try kernel("mkdirat", "\(path)") {
            path.withPlatformString { mkdirat(rawValue, $0, permissions.rawValue) }
        }
    }

    /// Makes a device, FIFO, socket or empty file in this directory.
    ///
    /// The system call is `mknodat(2)`; the umask applies.
    package borrowing func makeNode(
        _ path: FilePath, _ kind: FileStatus.Kind, permissions: FilePermissions,
        device: DeviceNumber
    ) throws(SystemCallError) {
        try kernel("mknodat", "\(path)") {
            path.withPlatformString {
                mknodat(
                    rawValue, $0, kind.modeBits | permissions.rawValue, dev_t(device.rawValue))
            }
        }
    }

    /// Lists this directory, which must be open for reading, without `.` and `..`.
    ///
    /// The system call is `getdents64(2)`; it starts where the descriptor's offset stands.
    package borrowing func listDirectory() throws(SystemCallError) -> [DirectoryEntry] {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 32768, alignment: 8)
        defer { buffer.deallocate() }
        var entries: [DirectoryEntry] = []
        while true {
            let filled = try kernel("getdents64", describe(rawValue)) {
                clinux_getdents64(rawValue, buffer.baseAddress, UInt64(buffer.count))
            }
            if filled == 0 { return entries }
            DirectoryEntry.parse(UnsafeRawBufferPointer(rebasing: buffer[..<Int(filled)])) {
                entries.append($0)
            }
        }
    }
}

extension DirectoryEntry {
    /// Reads the records of `getdents64(2)`: inode, offset, length, type, name.
    fileprivate static func parse(
        _ records: UnsafeRawBufferPointer, _ body: (DirectoryEntry) -> Void
    ) {
        var start = 0
        while start + 19 < records.count {
            let inode = records.loadUnaligned(fromByteOffset: start, as: UInt64.self)
            let length = records.loadUnaligned(fromByteOffset: start + 16, as: UInt16.self)
            let type = records[start + 18]
            let nameBytes = records[(start + 19)..<(start + Int(length))].prefix { $0 != 0 }
            start += Int(length)
            let name = (nameBytes.map { CChar(bitPattern: $0) } + [0]).withUnsafeBufferPointer {
                $0.baseAddress.flatMap { FilePath.Component(platformString: $0) }
            }
            guard let name, name.kind == .regular else { continue }  // `.` and `..`
            body(
                DirectoryEntry(
                    name: name, kind: FileStatus.Kind(directoryEntryType: type), inode: inode))
        }
    }
}
