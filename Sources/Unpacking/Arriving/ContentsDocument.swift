package import Diagnostics
import OCI
import Storage

/// The JSON text of a table of contents.
package enum ContentsDocument {
    /// Takes the text out of what is in the blob, and verifies the digest that the manifest has.
    ///
    /// - Parameters:
    ///   - stored: the bytes of the blob.
    ///   - place: what the manifest says.
    /// - Returns: the text.
    /// - Throws: `.corrupt` where the digest is another.
    package static func text(
        of stored: [UInt8], at place: ContentsPlace
    ) throws(Problem) -> [UInt8] {
        switch place {
        case .zstdChunked(_, let digest):
            try verify(stored, digest)
            return try all(of: decompressed(MemorySource(stored), limit: limit))
        case .eStargz(let digest):
            var reader = TarReader(try decompressed(MemorySource(stored), limit: limit))
            while let entry = try reader.nextEntry() {
                guard entry.displayName == Self.name else { continue }
                let text = try reader.readAllData(limitInBytes: ContentsPlace.mostBytes)
                try verify(text, digest)
                return text
            }
            throw damaged("it has no \(name)")
        }
    }

    /// The member of an eStargz layer that is the table, and that the table does not list.
    package static let name = "stargz.index.json"

    private static let limit = ArchiveLimit(bytes: ContentsPlace.mostBytes)

    private static func all(of source: any ByteSource) throws(Problem) -> [UInt8] {
        var bytes: [UInt8] = []
        while let chunk = try source.nextChunk() { bytes += chunk.bytes }
        return bytes
    }

    private static func verify(_ bytes: [UInt8], _ digest: Digest) throws(Problem) {
        var hasher = try ContentHasher(verifying: digest)
        bytes.withUnsafeBytes { hasher.update($0) }
        let found = hasher.digest()
        guard found == digest else {
            throw damaged("it has the digest \(found), and the manifest says \(digest)")
        }
    }

    private static func damaged(_ why: String) -> Problem {
        Problem(kind: .corrupt, what: "cannot use a layer's table of contents", why: why)
    }
}
