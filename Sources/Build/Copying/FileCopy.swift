import Diagnostics
import Engine
import Glibc
import Linux
import Storage
import SystemPackage

/// What copied files get: owner, mode and time.
struct CopyAttributes: Sendable, Equatable {
    /// nil keeps the source's.
    var owner: FileOwner?
    /// nil keeps the source's.
    var mode: FileModeChange?
    /// The time of last modification; nil keeps the source's.
    var modified: FileTime?

    func owner(of status: FileStatus) -> FileOwner {
        owner ?? FileOwner(user: status.owner, group: status.group)
    }

    func permissions(of status: FileStatus) -> mode_t {
        mode?.applied(to: status.permissions, isDirectory: status.kind == .directory)
            ?? status.permissions
    }
}

/// Copies chosen files into a root file system, beneath its root whatever stands there.
struct FileCopy {
    let tree: SourceTree
    let target: CopyTarget
    let attributes: CopyAttributes
    /// Where the first name of a file with several names went.
    private var copied: [FileStatus.Identity: String] = [:]
    private let buffer = CopyBuffer()

    init(from tree: SourceTree, to target: CopyTarget, _ attributes: CopyAttributes) {
        self.tree = tree
        self.target = target
        self.attributes = attributes
    }

    /// Copies a source: of a directory what is in it, and a file under a name.
    ///
    /// - Parameters:
    ///   - source: what to copy.
    ///   - destination: absolute; with a slash at its end it is a directory.
    /// - Throws: `.conflict` where a directory would replace something else, or the other way round.
    mutating func copy(_ source: ChosenSource, to destination: String) throws(Problem) {
        do throws(SystemCallError) {
            let parent = OpenDirectory(
                adopting: try tree.root.open(
                    FilePath(source.parent.isEmpty ? "." : source.parent),
                    [.readOnly, .directory]))
            if source.entry.status.kind == .directory {
                let path = try target.resolved(destination)
                let into = try target.makeDirectories(path, owner: attributes.owner)
                try copyChildren(
                    of: source.entry, from: try parent.directory(source.entry.name), to: into,
                    at: path)
                return
            }
            let place = try target.place(
                of: destination, named: source.path.lastPart, owner: attributes.owner)
            try copy(
                source.entry, from: parent, to: place.directory,
                as: cString(Array(place.name.utf8)), at: place.path)
        } catch {
            throw problem(error, source, destination)
        }
    }

    private func problem(
        _ error: SystemCallError, _ source: ChosenSource, _ destination: String
    ) -> Problem {
        let what = "cannot copy \(source.path.isEmpty ? "/" : source.path) to \(destination)"
        guard error.errno == .notDirectory || error.errno == .isDirectory else {
            return Problem(error, what: what)
        }
        return Problem(
            kind: .conflict, what: what,
            why: error.errno == .notDirectory
                ? "\(error.subject) is there and is no directory"
                : "\(error.subject) is there and is a directory", cause: error)
    }

    private mutating func copyChildren(
        of entry: TreeEntry, from source: consuming OpenDirectory,
        to directory: borrowing OpenDirectory, at path: String
    ) throws(SystemCallError) {
        for child in entry.children {
            try copy(
                child, from: source, to: directory, as: child.name,
                at: path == "/" ? "/\(child.text)" : "\(path)/\(child.text)")
        }
    }

    private mutating func copy(
        _ entry: TreeEntry, from source: borrowing OpenDirectory,
        to directory: borrowing OpenDirectory, as name: [CChar], at path: String
    ) throws(SystemCallError) {
        let status = entry.status
        let existing = try directory.status(of: name)
        if status.kind == .directory {
            if let existing {
                guard existing.kind == .directory else {
                    throw SystemCallError(call: "mkdirat", subject: path, errno: .notDirectory)
                }
            } else {
                try directory.makeDirectory(name, permissions: 0o700)
            }
            let inner = try directory.directory(name)
            try copyChildren(
                of: entry, from: try source.directory(entry.name), to: inner, at: path)
            try finish(entry, from: source, in: directory, name)
            return
        }
        if let existing {
            guard existing.kind != .directory else {
                throw SystemCallError(call: "openat", subject: path, errno: .isDirectory)
            }
            try directory.removeFile(name)
        }
        if status.linkCount > 1, status.kind == .file, try link(status, to: directory, name) {
            return
        }
        try make(entry, from: source, in: directory, name)
        try finish(entry, from: source, in: directory, name)
        if status.linkCount > 1, status.kind == .file { copied[status.identity] = path }
    }

    /// Makes a second name of a file that was copied already; false when it is the first.
    private func link(
        _ status: FileStatus, to directory: borrowing OpenDirectory, _ name: [CChar]
    ) throws(SystemCallError) -> Bool {
        guard let first = copied[status.identity] else { return false }
        let parts = PathParts(FilePath(first))
        let parent = OpenDirectory(
            adopting: try target.root.open(parts.directory, [.readOnly, .directory]))
        try directory.makeLink(name, to: parts.name.string, in: parent)
        return true
    }

    private mutating func make(
        _ entry: TreeEntry, from source: borrowing OpenDirectory,
        in directory: borrowing OpenDirectory, _ name: [CChar]
    ) throws(SystemCallError) {
        switch entry.status.kind {
        case .directory, .socket: return
        case .symlink:
            try directory.makeSymlink(name, target: try source.symlinkTarget(entry.name))
        case .characterDevice:
            try directory.makeNode(name, mode: S_IFCHR | 0o600, device: entry.status.device)
        case .blockDevice:
            try directory.makeNode(name, mode: S_IFBLK | 0o600, device: entry.status.device)
        case .fifo:
            try directory.makeNode(
                name, mode: S_IFIFO | 0o600, device: DeviceNumber(rawValue: 0))
        case .file:
            let file = try source.openFile(entry.name)
            let copy = try directory.makeFile(name, permissions: 0o600)
            while true {
                let portion = try buffer.read(from: file)
                if portion.isEmpty { break }
                try copy.writeAll(portion)
            }
        }
    }

    /// Gives what was copied its owner, attributes, mode and time, in the order that keeps them.
    private func finish(
        _ entry: TreeEntry, from source: borrowing OpenDirectory,
        in directory: borrowing OpenDirectory, _ name: [CChar]
    ) throws(SystemCallError) {
        let owner = attributes.owner(of: entry.status)
        try directory.setOwner(name, owner: owner.user, group: owner.group)
        for attribute in try CopiedAttributes.names(of: entry, in: source) {
            guard let value = try source.attribute(attribute, of: entry.name) else { continue }
            try directory.setAttribute(attribute, of: name, to: value)
        }
        if entry.status.kind != .symlink {
            try directory.setPermissions(name, attributes.permissions(of: entry.status))
        }
        try directory.setModified(name, attributes.modified ?? entry.status.modified)
    }
}
