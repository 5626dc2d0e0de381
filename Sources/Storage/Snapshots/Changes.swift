package import Diagnostics
package import Linux
import SystemPackage

/// One difference between a container's files and its image's.
package struct FileChange: Sendable, Equatable {
    package var kind: Kind
    /// The absolute path in the container.
    package var path: String

    package init(_ kind: Kind, _ path: String) {
        self.kind = kind
        self.path = path
    }

    /// What happened; the letters of `docker diff`.
    package enum Kind: String, Sendable {
        case added = "A"
        case changed = "C"
        case deleted = "D"
    }
}

extension OverlayMount {
    /// What the upper layer changes, sorted by path: a directory before what is in it.
    ///
    /// Read from the layers themselves, so that it needs no mount. A directory that has a change
    /// beneath it counts as changed, as with Docker.
    package func changes() throws(Problem) -> [FileChange] {
        guard let upper else { return [] }
        let lower = try MergedDirectory(lower)
        var changes: [FileChange] = []
        try asking("cannot compare \(upper) with the layers below") {
            () throws(SystemCallError) in
            let top = try OpenDirectory(at: upper)
            try top.collectChanges(against: lower, at: "", into: &changes)
        }
        return changes
    }
}

extension OpenDirectory {
    /// Compares a directory of the upper layer with what lower layers show in its place.
    fileprivate func collectChanges(
        against lower: MergedDirectory?, at path: String, into changes: inout [FileChange]
    ) throws(SystemCallError) {
        for name in try names().sorted(by: Self.precedes) {
            guard let status = try status(of: name) else { continue }
            let path = "\(path)/\(text(name))"
            let before = try lower.flatMap { lower throws(SystemCallError) in
                try lower.entry(name)
            }
            if status.isWhiteout {
                if before != nil { changes.append(FileChange(.deleted, path)) }
                continue
            }
            changes.append(FileChange(before == nil ? .added : .changed, path))
            guard status.kind == .directory else { continue }
            let inner = try directory(name)
            var below: MergedDirectory?
            if case .directory(let directory, _) = before { below = directory }
            if let hidden = below, try isOpaque(name) {
                try inner.collectHidden(in: hidden, at: path, into: &changes)
            }
            try inner.collectChanges(against: below, at: path, into: &changes)
        }
    }

    /// Lists what an opaque directory hides and does not have itself.
    private func collectHidden(
        in lower: MergedDirectory, at path: String, into changes: inout [FileChange]
    ) throws(SystemCallError) {
        for name in try lower.names().sorted(by: Self.precedes)
        where try status(of: name) == nil {
            changes.append(FileChange(.deleted, "\(path)/\(text(name))"))
        }
    }

    private static func precedes(_ left: [CChar], _ right: [CChar]) -> Bool {
        left.lexicographicallyPrecedes(right) { UInt8(bitPattern: $0) < UInt8(bitPattern: $1) }
    }

    /// The bytes of all files beneath it, each counted once however many names it has.
    func sizeInBytes() throws(SystemCallError) -> Int64 {
        var seen: Set<FileStatus.Identity> = []
        return try sizeInBytes(&seen)
    }

    private func sizeInBytes(
        _ seen: inout Set<FileStatus.Identity>
    ) throws(SystemCallError) -> Int64 {
        var sum: Int64 = 0
        for name in try names() {
            guard let status = try status(of: name) else { continue }
            if status.kind == .directory {
                sum += try directory(name).sizeInBytes(&seen)
            } else if status.linkCount < 2 || seen.insert(status.identity).inserted {
                sum += status.sizeInBytes
            }
        }
        return sum
    }
}

/// A name as text.
private func text(_ name: [CChar]) -> String {
    String(decoding: name.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
}
