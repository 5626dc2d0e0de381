import Diagnostics
import Engine
import Linux
import Storage
import SystemPackage

/// ADD of a local archive: its files go into the destination.
struct ArchiveCopy {
    let steps: StepService
    let tree: SourceTree
    let target: CopyTarget

    /// Unpacks a source that is an archive.
    ///
    /// - Returns: false when it is none: then it is copied as it is.
    func unpack(_ source: ChosenSource, to destination: String) throws(Problem) -> Bool {
        guard source.entry.status.kind == .file else { return false }
        let what = "cannot unpack \(source.path)"
        let file = try asking(what) { () throws(SystemCallError) -> OwnedFD in
            let parent = OpenDirectory(
                adopting: try tree.root.open(
                    FilePath(source.parent.isEmpty ? "." : source.parent),
                    [.readOnly, .directory]))
            return try parent.openFile(source.entry.name)
        }
        let start = try asking(what) { () throws(SystemCallError) in
            try file.read(upToBytes: 512)
        }
        guard ArchiveMagic.mayBeArchive(start) else { return false }
        let directory = try asking(what) { () throws(SystemCallError) in
            try target.makeDirectories(target.resolved(destination), owner: nil)
        }
        return try steps.unpack(
            file.rawValue, named: source.path, into: directory.descriptor.rawValue)
    }
}

/// How a file begins that may be an archive.
package enum ArchiveMagic {
    private static let compressed: [[UInt8]] = [
        [0x1f, 0x8b], Array("BZh".utf8), [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00],
        [0x28, 0xb5, 0x2f, 0xfd],
    ]

    /// Whether it may be a tar archive, compressed or not, by its first 512 bytes.
    package static func mayBeArchive(_ start: [UInt8]) -> Bool {
        compressed.contains { start.starts(with: $0) }
            || start.dropFirst(257).starts(with: "ustar".utf8)
    }
}
