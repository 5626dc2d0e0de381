package import Diagnostics
import Linux
import SystemPackage

extension MergedDirectory {
    /// How its files differ from those of another tree, sorted by path.
    ///
    /// Files count as the same by kind, mode, owner, size, time, device and link target; their
    /// content is not read. A directory counts as changed when something in it does, as with Docker.
    package func changes(since before: MergedDirectory) throws(Problem) -> [FileChange] {
        var changes: [FileChange] = []
        try asking("cannot compare the images") { () throws(SystemCallError) in
            _ = try collect(since: before, at: "", into: &changes)
        }
        return changes
    }

    /// Adds the changes; true where there are any.
    private func collect(
        since before: MergedDirectory?, at path: String, into changes: inout [FileChange]
    ) throws(SystemCallError) -> Bool {
        let count = changes.count
        var all = Set(try names())
        if let before { all.formUnion(try before.names()) }
        let sorted = all.sorted {
            $0.lexicographicallyPrecedes($1) { UInt8(bitPattern: $0) < UInt8(bitPattern: $1) }
        }
        for name in sorted {
            let text = String(
                decoding: name.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
            try compare(name, before, at: "\(path)/\(text)", into: &changes)
        }
        return changes.count > count
    }

    private func compare(
        _ name: [CChar], _ before: MergedDirectory?, at path: String,
        into changes: inout [FileChange]
    ) throws(SystemCallError) {
        let old = try before.flatMap { before throws(SystemCallError) in try before.entry(name) }
        guard let new = try entry(name) else {
            if old != nil { changes.append(FileChange(.deleted, path)) }
            return
        }
        guard let old else {
            changes.append(FileChange(.added, path))
            if case .directory(let inner, _) = new {
                _ = try inner.collect(since: nil, at: path, into: &changes)
            }
            return
        }
        guard case .directory(let inner, let status) = new,
            case .directory(let oldInner, let oldStatus) = old
        else {
            if try !new.isSame(as: old, name) { changes.append(FileChange(.changed, path)) }
            if case .directory(let inner, _) = new {
                _ = try inner.collect(since: nil, at: path, into: &changes)
            }
            return
        }
        let place = changes.count
        let hasInner = try inner.collect(since: oldInner, at: path, into: &changes)
        if hasInner || !status.hasSameOwnerAndMode(as: oldStatus) {
            changes.insert(FileChange(.changed, path), at: place)
        }
    }
}

extension MergedDirectory.Entry {
    /// Whether two entries that are not both directories look the same.
    fileprivate func isSame(
        as other: MergedDirectory.Entry, _ name: [CChar]
    ) throws(SystemCallError) -> Bool {
        guard case .other(let holder, let status) = self,
            case .other(let otherHolder, let otherStatus) = other,
            status.kind == otherStatus.kind, status.hasSameOwnerAndMode(as: otherStatus),
            status.modified == otherStatus.modified, status.sizeInBytes == otherStatus.sizeInBytes,
            status.device == otherStatus.device
        else { return false }
        guard status.kind == .symlink else { return true }
        return try holder.directory.symlinkTarget(name)
            == otherHolder.directory.symlinkTarget(name)
    }
}

extension FileStatus {
    fileprivate func hasSameOwnerAndMode(as other: FileStatus) -> Bool {
        (permissions, owner, group) == (other.permissions, other.owner, other.group)
    }
}
