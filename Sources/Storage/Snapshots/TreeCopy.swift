import Glibc
import Linux

/// Copies what stacked layers show into an empty directory.
///
/// Kinds, owners, permissions, extended attributes, times of modification, gaps, and which names are
/// the same file stay as they are. Where the file system can, content is shared until it is changed.
struct TreeCopy: ~Copyable {
    private let top: OpenDirectory
    /// The maps that make owners inside those outside; whom they have no place for stays.
    private let owners: UserMaps?
    /// The copies of files that have more names, by what they are copies of.
    private var firsts: [FileStatus.Identity: [CChar]] = [:]

    /// Copies the content of a merged directory, and what is said of the directory itself.
    ///
    /// - Parameters:
    ///   - layers: the merged root.
    ///   - directory: the empty one.
    ///   - owners: of the user namespace whose users shall have the files; nil for as they are.
    /// - Throws: the kernel's refusal.
    static func copy(
        _ layers: MergedDirectory, into directory: borrowing OpenDirectory,
        ownersIn owners: UserMaps?
    ) throws(SystemCallError) {
        var copy = TreeCopy(top: try directory.duplicate(), owners: owners)
        try copy.copyAll(layers, into: directory, at: [])
        guard let top = layers.top else { return }
        try copy.finish(directory, like: top.directory.status(), of: top.directory)
    }

    private init(top: consuming OpenDirectory, owners: UserMaps?) {
        self.top = top
        self.owners = owners
    }

    private mutating func copyAll(
        _ source: MergedDirectory, into target: borrowing OpenDirectory, at path: [CChar]
    ) throws(SystemCallError) {
        for name in try source.names() {
            guard let entry = try source.entry(name) else { continue }
            switch entry {
            case .directory(let inner, let status):
                try target.makeDirectory(name, permissions: 0o700)
                let copy = try target.directory(name)
                try copyAll(inner, into: copy, at: Self.joined(path, name))
                guard let original = inner.top else { continue }
                try finish(copy, like: status, of: original.directory)
            case .other(let holder, let status):
                try copyOne(name, status, of: holder.directory, into: target, at: path)
            }
        }
    }

    private func finish(
        _ copy: borrowing OpenDirectory, like status: FileStatus,
        of original: borrowing OpenDirectory
    ) throws(SystemCallError) {
        try copy.descriptor.takeOver(
            status, of: original.descriptor, owner: status.owner(outside: owners),
            isMapped: owners != nil)
    }

    private mutating func copyOne(
        _ name: [CChar], _ status: FileStatus, of source: borrowing OpenDirectory,
        into target: borrowing OpenDirectory, at path: [CChar]
    ) throws(SystemCallError) {
        if status.linkCount > 1 {
            if let first = firsts[status.identity] {
                return try target.makeLink(name, to: first, in: top)
            }
            firsts[status.identity] = Self.joined(path, name)
        }
        switch status.kind {
        case .file, .directory: return try copyFile(name, of: source, into: target)
        case .symlink: try target.makeSymlink(name, target: source.symlinkTarget(name))
        case .characterDevice, .blockDevice, .fifo, .socket:
            try target.makeNode(name, mode: status.nodeMode, device: status.device)
        }
        let owner = status.owner(outside: owners)
        try target.setOwner(name, owner: owner.user, group: owner.group)
        if status.kind != .symlink { try target.setPermissions(name, status.permissions) }
        try target.setModified(name, status.modified)
    }

    private func copyFile(
        _ name: [CChar], of source: borrowing OpenDirectory, into target: borrowing OpenDirectory
    ) throws(SystemCallError) {
        let original = try source.openFile(name)
        let status = try FileStatus(of: original)
        let copy = try target.makeFile(name, permissions: 0o600)
        try original.copyContent(to: copy, sizeInBytes: status.sizeInBytes)
        try copy.takeOver(
            status, of: original, owner: status.owner(outside: owners), isMapped: owners != nil)
    }

    /// A relative path as the kernel takes it.
    private static func joined(_ path: [CChar], _ name: [CChar]) -> [CChar] {
        path.isEmpty ? name : path.dropLast() + [CChar(UInt8(ascii: "/"))] + name
    }
}

extension FileStatus {
    /// Who the owner, as somebody inside of a user namespace, is outside; the same for whom the maps
    /// have no place.
    func owner(outside maps: UserMaps?) -> OwnerIDs {
        let inside = OwnerIDs(user: owner, group: group)
        return maps?.outside(inside) ?? inside
    }

    /// What `mknodat(2)` takes.
    fileprivate var nodeMode: mode_t {
        let bits: mode_t =
            switch kind {
            case .characterDevice: S_IFCHR
            case .blockDevice: S_IFBLK
            case .fifo: S_IFIFO
            case .socket: S_IFSOCK
            case .file, .directory, .symlink: S_IFREG
            }
        return bits | 0o600
    }
}
