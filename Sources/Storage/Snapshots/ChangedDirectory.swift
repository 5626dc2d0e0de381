package import Linux

/// A directory of which only what was changed is seen: as an overlay's upper layer has it.
///
/// Whoever asks what a container has changed asks this, and need not know how its root is kept.
package struct ChangedDirectory: ~Copyable {
    /// Its files: it may hold more than was changed.
    package let directory: OpenDirectory
    private let extent: Extent
    private let owners: UserMaps?

    /// What of a directory counts.
    private enum Extent {
        /// It is an overlay's: all of it, and marks say what is gone.
        case upper
        /// All of it.
        case whole
        /// The names in the tree.
        case part(ChangeTree)
    }

    /// An overlay's upper directory.
    package init(upper: consuming OpenDirectory) {
        self.init(upper, .upper, nil)
    }

    /// The root of a copy of layers, which is compared with them here.
    init(copy: LayerCopy, of lower: MergedDirectory) throws(SystemCallError) {
        let root = try OpenDirectory(at: copy.root)
        var comparison = CopyComparison(with: try copy.completion(), ownersIn: copy.owners)
        let changes = try comparison.changes(of: root, since: lower)
        self.init(root, .part(changes), copy.owners)
    }

    private init(_ directory: consuming OpenDirectory, _ extent: Extent, _ owners: UserMaps?) {
        self.directory = directory
        self.extent = extent
        self.owners = owners
    }

    /// The names that were changed, sorted by their bytes.
    package func names() throws(SystemCallError) -> [[CChar]] {
        let names: [[CChar]]
        switch extent {
        case .upper, .whole: names = try directory.names()
        case .part(let tree): names = Array(tree.changes.keys)
        }
        return names.sorted {
            $0.lexicographicallyPrecedes($1) { UInt8(bitPattern: $0) < UInt8(bitPattern: $1) }
        }
    }

    /// What became of a name.
    package enum Entry: Sendable {
        /// It hides what the layers have.
        case removed
        case present(FileStatus)
    }

    /// Looks up one of the names; nil when it has vanished meanwhile.
    package func entry(_ name: [CChar]) throws(SystemCallError) -> Entry? {
        guard let status = try directory.status(of: name) else {
            if case .part = extent { return .removed }
            return nil
        }
        return status.isWhiteout ? .removed : .present(status)
    }

    /// Opens one of the names that is a directory.
    package func inner(_ name: [CChar]) throws(SystemCallError) -> ChangedDirectory {
        let opened = try directory.directory(name)
        switch extent {
        case .upper: return ChangedDirectory(opened, .upper, owners)
        case .whole: return ChangedDirectory(opened, .whole, owners)
        case .part(let tree):
            guard case .part(let inner) = tree.changes[name] else {
                return ChangedDirectory(opened, .whole, owners)
            }
            return ChangedDirectory(opened, .part(inner), owners)
        }
    }

    /// Whether a directory of these names hides all that the layers have in its place.
    package func isOpaque(_ name: [CChar]) throws(SystemCallError) -> Bool {
        switch extent {
        case .upper: return try directory.isOpaque(name)
        case .whole: return false  // nothing is in its place
        case .part(let tree):
            if case .whole = tree.changes[name] { return true }
            return false
        }
    }

    /// The target that an overlay with `redirect_dir=on` has noted, where the content is elsewhere.
    package func redirect() throws(SystemCallError) -> [UInt8]? {
        guard case .upper = extent else { return nil }
        for attribute in ["trusted.overlay.redirect", "user.overlay.redirect"] {
            if let target = try directory.attribute(attribute, of: ".") { return target }
        }
        return nil
    }

    /// Whether a file of it has the permissions, owner and group of one of the layers.
    package func hasSameOwnerAndMode(_ status: FileStatus, as before: FileStatus) -> Bool {
        let owner = before.owner(outside: owners)
        return (status.permissions, status.owner, status.group)
            == (before.permissions, owner.user, owner.group)
    }

    /// The bytes of the files that were changed, each counted once however many names it has.
    func sizeInBytes() throws(SystemCallError) -> Int64 {
        var seen: Set<FileStatus.Identity> = []
        return try sizeInBytes(&seen)
    }

    private func sizeInBytes(
        _ seen: inout Set<FileStatus.Identity>
    ) throws(SystemCallError) -> Int64 {
        var sum: Int64 = 0
        for name in try names() {
            guard case .present(let status) = try entry(name) else { continue }
            switch status.kind {
            case .directory: sum += try inner(name).sizeInBytes(&seen)
            case .file, .symlink:
                if status.linkCount < 2 || seen.insert(status.identity).inserted {
                    sum += status.sizeInBytes
                }
            case .characterDevice, .blockDevice, .fifo, .socket: continue
            }
        }
        return sum
    }
}

/// The names in a directory that were changed.
struct ChangeTree {
    var changes: [[CChar]: Change] = [:]

    /// What of a name was changed.
    indirect enum Change {
        /// All of it: it is new, another file, or gone.
        case whole
        /// It is a directory as before; these names in it were changed, or it alone.
        case part(ChangeTree)
    }
}
