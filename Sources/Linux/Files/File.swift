import CLinux
import Glibc
package import SystemPackage

/// Whole files by path.
package enum File {
    /// Reads a whole file.
    package static func read(_ path: FilePath) throws(SystemCallError) -> [UInt8] {
        try OwnedFD.open(path, .readOnly).readAll()
    }

    /// Reads a whole file as UTF-8; bytes that are none become U+FFFD.
    package static func readText(_ path: FilePath) throws(SystemCallError) -> String {
        String(decoding: try read(path), as: UTF8.self)
    }

    /// Writes into an existing file in one call, as the files of `/proc` and `/sys` want it.
    package static func write(_ text: String, into path: FilePath) throws(SystemCallError) {
        try OwnedFD.open(path, .writeOnly).writeAll(text)
    }

    /// Makes or empties a file and writes its content; a reader may see a part of it.
    package static func create(
        _ path: FilePath, content: [UInt8], permissions: FilePermissions
    ) throws(SystemCallError) {
        try OwnedFD.open(path, [.writeOnly, .create, .truncate], permissions: permissions)
            .writeAll(content)
    }

    /// Puts a new content in a file's place: a reader sees the old or the new one, never a part.
    ///
    /// The content goes to a temporary file beside it, which is renamed over it (`rename(2)`). On
    /// an error the old content stays and the temporary file goes.
    package static func replace(
        _ path: FilePath, with content: [UInt8], permissions: FilePermissions,
        lasting durability: Durability
    ) throws(SystemCallError) {
        let parts = PathParts(path)
        let temporary = parts.directory.appending(".\(parts.name).\(Random.hexadecimal(bytes: 8))")
        do throws(SystemCallError) {
            let file = try OwnedFD.open(
                temporary, [.writeOnly, .create, .exclusive, .noFollow], permissions: permissions)
            try file.writeAll(content)
            if durability == .powerLoss { try file.synchronize() }
            try Link.rename(temporary, to: path)
        } catch {
            try? Link.remove(temporary)  // best effort: the first error is the one to tell
            throw error
        }
        if durability == .powerLoss { try Directory.synchronize(containing: path) }
    }

    /// Puts a new content in a file's place as ``replace(_:with:permissions:lasting:)`` does and,
    /// where the disk is full, over the old content: that takes no room that the file does not
    /// have.
    ///
    /// A reader then may see a part of the new content. The file does not outlive a power loss for
    /// sure.
    package static func renew(
        _ path: FilePath, with content: [UInt8], permissions: FilePermissions
    ) throws(SystemCallError) {
        do throws(SystemCallError) {
            try replace(path, with: content, permissions: permissions, lasting: .processExit)
        } catch  where error.errno == .noSpace || error.errno == .diskQuotaExceeded {
            guard exists(path) else { throw error }
            let file = try OwnedFD.open(path, [.writeOnly, .noFollow])
            try file.writeAll(content)
            try file.truncate(toSizeInBytes: Int64(content.count))
        }
    }

    /// What a replaced file outlives.
    package enum Durability: Sendable {
        /// The end of the process: no sync.
        case processExit
        /// The machine's sudden end: `fsync(2)` on the file and on its directory.
        case powerLoss
    }

    /// Whether something exists at the path, without following a last symbolic link.
    package static func exists(_ path: FilePath) -> Bool {
        // Any refusal means: not for us. An error would cost more than the answer.
        var status = stat()
        return path.withPlatformString { lstat($0, &status) } == 0
    }

    /// Gives a file to a user and a group; −1, as `UInt32.max`, leaves one as it is.
    ///
    /// The system call is `lchown(2)`.
    package static func changeOwner(
        of path: FilePath, user: UInt32, group: UInt32
    ) throws(SystemCallError) {
        try kernel("lchown", "\(path)") { path.withPlatformString { lchown($0, user, group) } }
    }

    /// Sets a file's permissions, through a last symbolic link.
    ///
    /// The system call is `chmod(2)`.
    package static func changePermissions(
        of path: FilePath, to permissions: FilePermissions
    ) throws(SystemCallError) {
        try kernel("chmod", "\(path)") {
            path.withPlatformString { chmod($0, permissions.rawValue) }
        }
    }
}

extension OwnedFD {
    /// Gives the open file to a user and a group.
    ///
    /// The system call is `fchown(2)`.
    package borrowing func changeOwner(user: UInt32, group: UInt32) throws(SystemCallError) {
        try kernel("fchown", describe(rawValue)) { fchown(rawValue, user, group) }
    }

    /// Gives a file that is open with `O_PATH`, or a symbolic link, to a user and a group.
    ///
    /// The system call is `fchownat(2)` with `AT_EMPTY_PATH`.
    package borrowing func changeOwnerOfHandle(
        user: UInt32, group: UInt32
    ) throws(SystemCallError) {
        try kernel("fchownat", describe(rawValue)) { fchownat(rawValue, "", user, group, 0x1000) }
    }

    /// Sets the permissions of a name in this directory, through a last symbolic link.
    ///
    /// The system call is `fchmodat(2)`.
    package borrowing func changePermissions(
        of name: FilePath, to permissions: FilePermissions
    ) throws(SystemCallError) {
        try kernel("fchmodat", "\(name) in \(describe(rawValue))") {
            name.withPlatformString { fchmodat(rawValue, $0, permissions.rawValue, 0) }
        }
    }

    /// Sets the open file's permissions.
    ///
    /// The system call is `fchmod(2)`.
    package borrowing func changePermissions(to permissions: FilePermissions)
        throws(SystemCallError)
    {
        try kernel("fchmod", describe(rawValue)) { fchmod(rawValue, permissions.rawValue) }
    }
}
