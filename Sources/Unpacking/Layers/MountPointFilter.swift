import Diagnostics
import Linux
import Storage
import SystemPackage

/// Finds what a runtime made in a root to mount on, and directories that changed by that alone.
struct MountPointFilter {
    private let points: Set<[UInt8]>
    /// The directories above them.
    private let parents: Set<[UInt8]>

    /// A filter for absolute paths; without any it finds nothing.
    init(_ paths: Set<String>) {
        points = Set(paths.map { Array($0.utf8.dropFirst()) })
        parents = Set(points.map { LayerPath(normalised: $0).parent })
    }

    /// Whether a name is there only because of mounts: its content is empty, and it is new or a
    /// directory as it was before.
    func isIncidental(
        _ name: [CChar], _ status: FileStatus, in directory: borrowing ChangedDirectory,
        over before: MergedDirectory.Entry?, at path: [UInt8]
    ) throws(SystemCallError) -> Bool {
        let isPoint = points.contains(path)
        guard isPoint || parents.contains(path) else { return false }
        if status.kind == .file { return isPoint && before == nil && status.sizeInBytes == 0 }
        guard status.kind == .directory else { return false }
        var below: MergedDirectory?
        switch before {
        case .directory(let merged, let old):
            guard directory.hasSameOwnerAndMode(status, as: old) else { return false }
            below = merged
        case .other: return false
        case nil: break
        }
        return try hasOnlyMountPoints(
            directory.inner(name), over: below, at: path, mayBeEmpty: isPoint && before == nil)
    }

    private func hasOnlyMountPoints(
        _ directory: borrowing ChangedDirectory, over below: MergedDirectory?, at path: [UInt8],
        mayBeEmpty: Bool
    ) throws(SystemCallError) -> Bool {
        let names = try directory.names()
        for name in names {
            guard let entry = try directory.entry(name) else { continue }
            guard case .present(let status) = entry else { return false }
            let before = try below.flatMap { below throws(SystemCallError) in
                try below.entry(name)
            }
            let own = joined(path, bytes(of: name))
            guard try isIncidental(name, status, in: directory, over: before, at: own) else {
                return false
            }
        }
        return mayBeEmpty || !names.isEmpty
    }
}
