import ContainerRuntime
import Glibc
import Linux
import SystemPackage

/// Copies files from one directory into another by descriptors: what a program that runs meanwhile
/// puts in the place of a name is never followed.
struct TreeTransfer: ~Copyable {
    /// Who owns the copies.
    let owners: Owners
    /// The bytes of the tar archive that Docker would have sent, which it tells its user.
    private(set) var sizeInBytes: Int64 = 1024
    /// The directory that all copies are below.
    private let top: RootedDirectory
    /// Where the copying is now, below ``top``.
    private var place: FilePath = ""
    /// The first copies of files that have several names.
    private var copies: [FileStatus.Identity: FirstCopy] = [:]

    /// Begins to copy into a directory.
    init(into top: consuming OwnedFD, owners: Owners) {
        self.top = RootedDirectory(adopting: top)
        self.owners = owners
    }

    /// A copy that further names of the original become names of.
    private struct FirstCopy {
        /// Below the top.
        var path: FilePath
        var identity: FileStatus.Identity
    }

    /// Who owns the copies.
    enum Owners: Sendable, Equatable {
        /// This one owns all of them.
        case given(OwnerIDs)
        /// Whoever owns the originals.
        case kept
        /// Who owns the originals outside of a user namespace has the same number inside; who has
        /// no place there, its root.
        case into(UserMaps)
        /// Who owns the originals inside of a user namespace has the same number outside.
        case outOf(UserMaps)

        func owner(of status: FileStatus) -> OwnerIDs {
            let original = OwnerIDs(user: status.owner, group: status.group)
            return switch self {
            case .given(let owner): owner
            case .kept: original
            case .into(let maps): maps.outside(original) ?? maps.root ?? original
            case .outOf(let maps):
                OwnerIDs(
                    user: maps.users.inside(original.user) ?? original.user,
                    group: maps.groups.inside(original.group) ?? original.group)
            }
        }
    }

    /// Copies what a name of one directory stands for.
    ///
    /// - Parameters:
    ///   - name: in the source; a symbolic link is copied itself.
    ///   - source: the directory.
    ///   - newName: in the target; a directory that is there is filled, anything else replaced.
    ///   - target: the directory.
    /// - Throws: `EISDIR` and `ENOTDIR` where a directory would replace something else, or the
    ///   other way round; what the kernel refuses.
    mutating func copy(
        _ name: FilePath, from source: borrowing OwnedFD, as newName: FilePath,
        to target: borrowing OwnedFD
    ) throws(SystemCallError) {
        let status = try FileStatus(ofLink: name, in: source)
        let existing = try target.statusIfPresent(ofName: newName)
        if status.kind == .directory {
            if let existing, existing.kind != .directory {
                throw SystemCallError(
                    call: "mkdirat", subject: newName.string, errno: .notDirectory)
            }
            try copyDirectory(name, status, from: source, as: newName, to: target, existing == nil)
            return
        }
        if existing?.kind == .directory {
            throw SystemCallError(call: "openat", subject: newName.string, errno: .isDirectory)
        }
        guard status.kind != .socket else { return }  // an archive cannot hold one either
        let isInPlace = existing == nil ? false : try !target.removeUnlessMounted(newName)
        sizeInBytes += 512
        if status.kind == .file {
            if !isInPlace, try linkCopy(of: status, as: newName, in: target) { return }
            try copyFile(name, from: source, as: newName, to: target, isInPlace: isInPlace)
            guard status.linkCount > 1, !isInPlace else { return }
            copies[status.identity] = FirstCopy(
                path: place.pushing(newName),
                identity: try FileStatus(ofLink: newName, in: target).identity)
        } else {
            try copyOther(name, status, from: source, as: newName, to: target)
        }
    }

    /// Makes a further name for the copy of a file whose other name was copied before.
    ///
    /// - Returns: false where there is no such copy, or the target cannot have it twice: on another
    ///   file system, or on one without hard links.
    private func linkCopy(
        of status: FileStatus, as newName: FilePath, in target: borrowing OwnedFD
    ) throws(SystemCallError) -> Bool {
        guard status.linkCount > 1, let first = copies[status.identity] else { return false }
        do throws(SystemCallError) {
            let parent = try top.parent(of: first.path)
            let name = PathParts(first.path).name
            // A program that runs meanwhile may have put something else there.
            guard try FileStatus(ofLink: name, in: parent).identity == first.identity else {
                return false
            }
            try target.makeHardLink(at: newName, to: name, in: parent)
            return true
        } catch
            where [.noSuchFileOrDirectory, .improperLink, .notPermitted, .tooManyLinks].contains(
                error.errno)
        {
            return false
        }
    }

    /// Copies all that is in a directory into another one.
    mutating func copyContent(
        of source: borrowing OwnedFD, to target: borrowing OwnedFD
    ) throws(SystemCallError) {
        let directory = try source.open(".", [.readOnly, .directory])
        for entry in try directory.listDirectory() {
            let name = FilePath(root: nil, components: entry.name)
            try copy(name, from: directory, as: name, to: target)
        }
    }

    private mutating func copyDirectory(
        _ name: FilePath, _ status: FileStatus, from source: borrowing OwnedFD,
        as newName: FilePath, to target: borrowing OwnedFD, _ isNew: Bool
    ) throws(SystemCallError) {
        sizeInBytes += 512
        if isNew { try target.makeDirectory(newName, permissions: .ownerReadWriteExecute) }
        let original = try source.open(name, [.readOnly, .directory, .noFollow])
        let copy = try target.open(newName, [.readOnly, .directory, .noFollow])
        let outer = place
        place = outer.pushing(newName)
        try copyContent(of: original, to: copy)
        place = outer
        if isNew { try copy.takeOver(status, of: original, owner: owners.owner(of: status)) }
    }

    private mutating func copyFile(
        _ name: FilePath, from source: borrowing OwnedFD, as newName: FilePath,
        to target: borrowing OwnedFD, isInPlace: Bool
    ) throws(SystemCallError) {
        // Not blocking: someone may have put a fifo in its place.
        let original = try source.open(name, [.readOnly, .noFollow, .nonBlocking])
        let status = try FileStatus(of: original)
        guard status.kind == .file else {
            throw SystemCallError(
                call: "openat", subject: "\(name) (exchanged meanwhile)", errno: .invalidArgument)
        }
        if isInPlace {
            let copy = try target.open(newName, [.writeOnly, .truncate, .noFollow])
            try append(original, to: copy)
            return
        }
        let copy = try target.open(
            newName, [.writeOnly, .create, .exclusive, .noFollow], permissions: .ownerReadWrite)
        try append(original, to: copy)
        try copy.takeOver(status, of: original, owner: owners.owner(of: status))
    }

    private mutating func append(
        _ original: borrowing OwnedFD, to copy: borrowing OwnedFD
    ) throws(SystemCallError) {
        var size: Int64 = 0
        while true {
            let bytes = try original.read(upToBytes: 1 << 18)
            if bytes.isEmpty { break }
            try copy.writeAll(bytes)
            size += Int64(bytes.count)
        }
        sizeInBytes += (size + 511) / 512 * 512
    }

    private func copyOther(
        _ name: FilePath, _ status: FileStatus, from source: borrowing OwnedFD,
        as newName: FilePath, to target: borrowing OwnedFD
    ) throws(SystemCallError) {
        if status.kind == .symlink {
            try target.makeSymbolicLink(at: newName, to: source.linkTarget(of: name))
        } else {
            try target.makeNode(
                newName, status.kind, permissions: FilePermissions(rawValue: status.permissions),
                device: status.device)
        }
        let copy = try target.open(newName, [.path, .noFollow])
        let owner = owners.owner(of: status)
        try copy.changeOwnerOfHandle(user: owner.user, group: owner.group)
    }
}

extension OwnedFD {
    /// What a name of this directory is; nil where there is none.
    borrowing func statusIfPresent(
        ofName name: FilePath
    ) throws(SystemCallError) -> FileStatus? {
        do throws(SystemCallError) {
            return try FileStatus(ofLink: name, in: self)
        } catch  where error.errno == .noSuchFileOrDirectory {
            return nil
        }
    }

    /// Removes a name of this directory; false where something is mounted on it, as on a
    /// container's `/etc/hosts`, so that only its content can be replaced.
    fileprivate borrowing func removeUnlessMounted(
        _ name: FilePath
    ) throws(SystemCallError) -> Bool {
        do throws(SystemCallError) {
            try remove(name, isDirectory: false)
            return true
        } catch  where error.errno == .resourceBusy {
            return false
        }
    }

    /// Gives the open file another's owner, attributes, permissions and time, in the order that
    /// keeps them.
    fileprivate borrowing func takeOver(
        _ status: FileStatus, of original: borrowing OwnedFD, owner: OwnerIDs
    ) throws(SystemCallError) {
        try changeOwner(user: owner.user, group: owner.group)
        for name in try original.extendedAttributeNames()
        where name.hasPrefix("user.") || name == "security.capability" {
            guard let value = try original.extendedAttribute(name) else { continue }
            do throws(SystemCallError) {
                try setExtendedAttribute(name, to: value)
            } catch  where error.errno == .notSupported {
                continue  // Docker does without on such a file system, too
            }
        }
        try changePermissions(to: FilePermissions(rawValue: status.permissions))
        try setModified(status.modified)
    }
}
