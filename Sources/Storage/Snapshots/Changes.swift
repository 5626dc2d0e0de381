package import Diagnostics
import Linux
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

extension Snapshot {
    /// What was changed, sorted by path: a directory before what is in it.
    ///
    /// Read from the files themselves, so that it needs no mount. A directory that has a change
    /// beneath it counts as changed, as with Docker.
    package func changes() throws(Problem) -> [FileChange] {
        try withChanges { (top, lower) throws(Problem) in
            var changes: [FileChange] = []
            try asking("cannot compare files with the layers below") {
                () throws(SystemCallError) in
                try top.collectChanges(against: lower, at: "", into: &changes)
            }
            return changes
        } ?? []
    }

    /// The bytes of the files that were added or changed.
    package func writtenInBytes() throws(Problem) -> Int64 {
        try withChanges { (top, _) throws(Problem) in
            try asking("cannot measure what was written") { () throws(SystemCallError) in
                try top.sizeInBytes()
            }
        } ?? 0
    }
}

extension ChangedDirectory {
    /// Compares what was changed with what lower layers show in its place.
    fileprivate func collectChanges(
        against lower: MergedDirectory?, at path: String, into changes: inout [FileChange]
    ) throws(SystemCallError) {
        for name in try names() {
            guard let entry = try entry(name) else { continue }
            let path = "\(path)/\(text(name))"
            let before = try lower.flatMap { lower throws(SystemCallError) in
                try lower.entry(name)
            }
            guard case .present(let status) = entry else {
                if before != nil { changes.append(FileChange(.deleted, path)) }
                continue
            }
            changes.append(FileChange(before == nil ? .added : .changed, path))
            guard status.kind == .directory else { continue }
            let inner = try inner(name)
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
        where try directory.status(of: name) == nil {
            changes.append(FileChange(.deleted, "\(path)/\(text(name))"))
        }
    }

    private static func precedes(_ left: [CChar], _ right: [CChar]) -> Bool {
        left.lexicographicallyPrecedes(right) { UInt8(bitPattern: $0) < UInt8(bitPattern: $1) }
    }
}

/// A name as text.
private func text(_ name: [CChar]) -> String {
    String(decoding: name.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
}
