import CLinux
import Glibc
package import SystemPackage

/// A directory that is the root of every path beneath it, such as a container's rootfs.
///
/// `..` and absolute symbolic links stay inside and magic links of `/proc` are refused, whatever
/// someone exchanges while the path is walked: each call resolves by `openat2(2)` with
/// `RESOLVE_IN_ROOT` and `RESOLVE_NO_MAGICLINKS` from the root's descriptor. A leading "/" means
/// the root itself.
package struct RootedDirectory: ~Copyable, Sendable {
    /// The root, open with `O_PATH`.
    package let root: OwnedFD

    /// Opens a directory as a root; its own path is resolved as usual.
    package init(at path: FilePath) throws(SystemCallError) {
        root = try OwnedFD.open(path, [.path, .directory])
    }

    /// Takes a descriptor of a directory as a root.
    package init(adopting root: consuming OwnedFD) { self.root = root }

    /// Opens an existing file.
    package borrowing func open(_ path: FilePath, _ flags: OpenFlags) throws(SystemCallError)
        -> OwnedFD
    {
        try owned(resolve(path, flags, permissions: []), path)
    }

    /// Opens an existing file of the root's own mount: where something is mounted over a part of the
    /// path, EXDEV refuses.
    ///
    /// Beside the other rules this is `RESOLVE_NO_XDEV`.
    package borrowing func openOnSameMount(
        _ path: FilePath, _ flags: OpenFlags
    ) throws(SystemCallError) -> OwnedFD {
        try owned(resolve(path, flags, permissions: [], Self.resolveNoOtherMount), path)
    }

    /// Opens a file and creates it, but no directory above it, where it is missing.
    package borrowing func open(
        _ path: FilePath, _ flags: OpenFlags, permissions: FilePermissions
    ) throws(SystemCallError) -> OwnedFD {
        try owned(resolve(path, flags, permissions: permissions), path)
    }

    /// Opens an existing file; nil where there is none.
    ///
    /// It is for files that may well be missing: an error's text costs a look into `/proc`.
    package borrowing func openIfPresent(_ path: FilePath, _ flags: OpenFlags)
        throws(SystemCallError) -> OwnedFD?
    {
        let result = resolve(path, flags, permissions: [])
        return -result == ENOENT ? nil : try owned(result, path)
    }

    /// What is at the path, through symbolic links; nil where nothing is.
    package borrowing func status(of path: FilePath) throws(SystemCallError) -> FileStatus? {
        guard let file = try openIfPresent(path, .path) else { return nil }
        return try FileStatus(of: file)
    }

    /// Makes a directory and those above it where they are missing, and opens it with `O_PATH`.
    ///
    /// Links that exist are followed within the root. What is new is made one component at a time
    /// in the directory just opened, so that nobody can slip a link in.
    package borrowing func makeDirectories(
        _ path: FilePath, permissions: FilePermissions
    ) throws(SystemCallError) -> OwnedFD {
        var existing = path
        var missing: [FilePath] = []
        while true {
            if var directory = try openIfPresent(existing, [.path, .directory]) {
                for name in missing.reversed() {
                    directory = try directory.enterMaking(name, permissions: permissions)
                }
                return directory
            }
            let parts = PathParts(existing)
            guard parts.isNamed else {
                return try open(existing, [.path, .directory])  // and say what is wrong with it
            }
            missing.append(parts.name)
            existing = parts.directory
        }
    }

    /// Makes an empty file and the directories above it where they are missing; opens it `O_PATH`.
    package borrowing func makeFile(
        _ path: FilePath, permissions: FilePermissions
    ) throws(SystemCallError) -> OwnedFD {
        if let file = try openIfPresent(path, .path) { return file }
        let directory = try makeParent(of: path)
        let name = PathParts(path).name
        guard !name.isEmpty else { return directory }
        do throws(SystemCallError) {
            try directory.makeNode(
                name, .file, permissions: permissions, device: DeviceNumber(major: 0, minor: 0))
        } catch  where error.errno == .fileExists {}
        return try open(path, [.path])
    }

    /// Makes a device, FIFO or socket and the directories above it where they are missing.
    package borrowing func makeNode(
        _ path: FilePath, _ kind: FileStatus.Kind, permissions: FilePermissions,
        device: DeviceNumber
    ) throws(SystemCallError) {
        let directory = try makeParent(of: path)
        try directory.makeNode(
            lastName(of: path), kind, permissions: permissions, device: device)
    }

    /// Makes a symbolic link and the directories above it where they are missing.
    package borrowing func makeSymbolicLink(
        at path: FilePath, to target: FilePath
    ) throws(SystemCallError) {
        let directory = try makeParent(of: path)
        try directory.makeSymbolicLink(at: lastName(of: path), to: target)
    }

    /// Where the symbolic link at the path points.
    package borrowing func linkTarget(of path: FilePath) throws(SystemCallError) -> FilePath {
        try parent(of: path).linkTarget(of: lastName(of: path))
    }

    /// Removes a name; a link at the end is removed itself.
    package borrowing func remove(
        _ path: FilePath, isDirectory: Bool
    ) throws(SystemCallError) {
        try parent(of: path).remove(lastName(of: path), isDirectory: isDirectory)
    }

    /// Opens the directory that holds the path's last component.
    package borrowing func parent(of path: FilePath) throws(SystemCallError) -> OwnedFD {
        try open(PathParts(path).directory, [.path, .directory])
    }

    /// Opens the directory that holds the path's last component, making it where it is missing.
    package borrowing func makeParent(of path: FilePath) throws(SystemCallError) -> OwnedFD {
        try makeDirectories(PathParts(path).directory, permissions: .directoryDefault)
    }

    /// The path's last component, which must be a name.
    private func lastName(of path: FilePath) throws(SystemCallError) -> FilePath {
        let parts = PathParts(path)
        guard parts.isNamed else {
            throw SystemCallError(call: "openat2", subject: "\(path)", errno: .invalidArgument)
        }
        return parts.name
    }

    /// Resolves by `openat2(2)`, again while the tree changes under it (EAGAIN).
    ///
    /// - Returns: the descriptor, or errno with a minus sign.
    private borrowing func resolve(
        _ path: FilePath, _ flags: OpenFlags, permissions: FilePermissions, _ rules: UInt64 = 0
    ) -> CInt {
        var attemptsLeft = 128
        let path = path.isEmpty ? "." : path
        let flags = UInt64(UInt32(bitPattern: flags.rawValue | O_CLOEXEC))
        return path.withPlatformString { name in
            while true {
                let descriptor = clinux_openat2(
                    root.rawValue, name, flags, UInt64(permissions.rawValue),
                    Self.resolveInRoot | Self.resolveNoMagicLinks | rules)
                if descriptor != -1 { return descriptor }
                let refusal = clinux_errno()
                guard refusal == EINTR || (refusal == EAGAIN && attemptsLeft > 0) else {
                    return -refusal
                }
                attemptsLeft -= 1
            }
        }
    }

    /// The descriptor that ``resolve(_:_:permissions:_:)`` returned, or its refusal.
    private borrowing func owned(_ result: CInt, _ path: FilePath) throws(SystemCallError)
        -> OwnedFD
    {
        guard result < 0 else { return OwnedFD(adopting: result) }
        throw SystemCallError(
            call: "openat2", subject: "\(path) beneath \(describe(root.rawValue))",
            errno: Errno(rawValue: -result))
    }

    /// `RESOLVE_NO_XDEV`.
    private static let resolveNoOtherMount: UInt64 = 0x01
    /// `RESOLVE_NO_MAGICLINKS`.
    private static let resolveNoMagicLinks: UInt64 = 0x02
    /// `RESOLVE_IN_ROOT`.
    private static let resolveInRoot: UInt64 = 0x10
}

extension OwnedFD {
    /// Makes a directory in this one unless it is there, and opens it without following a link.
    fileprivate borrowing func enterMaking(
        _ name: FilePath, permissions: FilePermissions
    ) throws(SystemCallError) -> OwnedFD {
        do throws(SystemCallError) {
            try makeDirectory(name, permissions: permissions)
        } catch  where error.errno == .fileExists {}
        return try open(name, [.path, .directory, .noFollow])
    }
}

extension FilePermissions {
    /// `rwxr-xr-x`, as directories usually have it.
    package static let directoryDefault = FilePermissions(rawValue: 0o755)
}
