import Linux
import OCI
import SystemPackage

/// Gives all that is in a directory, and the directory, to users of a namespace.
///
/// The directory is what an overlay shows, which copies a file that changes: once for each of its
/// names. So the names of a file but its first one are made anew, as names of that copy.
final class OwnerGift {
    /// The directory.
    private let root: OwnedFD
    private let maps: UserMaps
    /// The files with several names that have been given, and one of their names, from the root.
    private var given: [FileStatus.Identity: FilePath] = [:]

    /// Prepares to give.
    ///
    /// - Parameters:
    ///   - root: the open directory.
    ///   - maps: what makes owners inside those outside; who has no place is left alone.
    init(of root: consuming OwnedFD, by maps: UserMaps) {
        self.root = root
        self.maps = maps
    }

    /// Gives all of it.
    ///
    /// - Throws: the kernel's refusal.
    func giveAll() throws(SystemCallError) {
        try giveAll(in: root, at: "")
    }

    private func giveAll(
        in directory: borrowing OwnedFD, at path: FilePath
    ) throws(SystemCallError) {
        for entry in try directory.listDirectory() {
            let name = FilePath(root: nil, components: entry.name)
            let status = try FileStatus(ofLink: name, in: directory)
            if status.kind == .directory {
                let inner = try directory.open(name, [.readOnly, .directory, .noFollow])
                try giveAll(in: inner, at: path.appending(entry.name))
                continue
            }
            try give(name, status, in: directory, at: path)
        }
        _ = try give(directory.open(".", [.path]), try FileStatus(of: directory))
    }

    /// Gives what is no directory, or makes its name one of a file that has been given.
    private func give(
        _ name: FilePath, _ status: FileStatus, in directory: borrowing OwnedFD, at path: FilePath
    ) throws(SystemCallError) {
        if let first = given[status.identity] {
            try directory.remove(name, isDirectory: false)
            return try directory.makeHardLink(at: name, to: first, in: root)
        }
        let isGiven =
            status.kind == .file
            ? try giveFile(directory.open(name, [.readOnly, .noFollow]), status)
            : try give(directory.open(name, [.path, .noFollow]), status)
        guard isGiven, status.linkCount > 1 else { return }
        given[status.identity] = path.appending(name.components)
    }

    /// Gives a regular file to its user, with what a change of the owner takes away: the bits that
    /// set users, and capabilities.
    ///
    /// Who sets capabilities in a user namespace sets them for that namespace and those below it
    /// (capabilities(7) § Namespaced file capabilities): the kernel notes Kade's root with them, which
    /// the containers' namespaces are below.
    ///
    /// - Returns: whether it has another owner now.
    private func giveFile(
        _ file: borrowing OwnedFD, _ status: FileStatus
    ) throws(SystemCallError) -> Bool {
        let capabilities = try file.extendedAttribute(Self.capabilities)
        guard try give(file, status) else { return false }
        if status.permissions & 0o6000 != 0 {
            try file.changePermissions(to: FilePermissions(rawValue: status.permissions))
        }
        if let capabilities {
            try file.setExtendedAttribute(Self.capabilities, to: capabilities)
        }
        return true
    }

    private static let capabilities = "security.capability"

    /// - Returns: whether it has another owner now.
    private func give(
        _ file: borrowing OwnedFD, _ status: FileStatus
    ) throws(SystemCallError) -> Bool {
        let inside = OwnerIDs(user: status.owner, group: status.group)
        guard let outside = maps.outside(inside), outside != inside else { return false }
        try file.changeOwnerOfHandle(user: outside.user, group: outside.group)
        return true
    }
}
