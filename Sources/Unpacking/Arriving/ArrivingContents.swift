package import Diagnostics
import Linux
package import OCI
import Storage

/// The files of a layer that has not arrived, as its table of contents describes them.
///
/// They are an EROFS image whose extra device is a file of their data, one after the other; that
/// file is a hole at first, and each part of it can be fetched alone.
package struct ArrivingContents: Sendable {
    /// The EROFS image.
    package let image: [UInt8]
    /// The size of the file with the data.
    package let dataInBytes: Int64
    /// All parts of the data that come from the blob, by their places.
    package let parts: [Part]
    /// What of the data the image's maker wants to be here first (eStargz's landmark).
    package let prioritized: Range<Int64>

    /// A part of the data of a file, which comes and is verified as a whole.
    package struct Part: Sendable, Equatable {
        /// Where it belongs in the file with the data.
        package var place: Range<Int64>
        /// Where it is in the blob, compressed.
        package var blob: Range<Int64>
        /// How many bytes come from there before it.
        package var skipped: Int64
        /// The digest of its bytes.
        package var digest: Digest
    }

    /// Each file's data begins at a page, so that no page has parts of two files.
    private static let alignment: Int64 = 4096
    /// The file behind those that are wanted first.
    ///
    /// docs/estargz.md of stargz-snapshotter, § Prioritized Files and Landmark Files; the other
    /// landmark says that none are.
    private static let landmark = ".prefetch.landmark"
    /// A larger part would take too much memory.
    private static let largestPart: Int64 = 64 << 20
    /// More lines than any layer has; in memory each takes a multiple of its text.
    private static let mostLines = 1 << 20

    /// Reads a table of contents; nil for what is no such table, or cannot be an EROFS image.
    ///
    /// - Parameters:
    ///   - document: its JSON text.
    ///   - layer: the layer's descriptor.
    ///   - diffID: the layer's diffID, which makes the image's identity.
    ///   - end: where the compressed files end in the blob.
    /// - Throws: `.invalid` for a path that leaves the layer's root.
    package init?(
        document: [UInt8], layer: Descriptor, diffID: Digest, end: Int64
    ) throws(Problem) {
        let lines: [ContentsEntry]?
        do throws(JSONError) {
            lines = try document.withUnsafeBufferPointer { bytes throws(JSONError) in
                var json = JSONReader(bytes)
                json.refusesZeroBytes = true
                return try ContentsEntry.read(from: &json, atMost: Self.mostLines)
            }
        } catch {
            throw error.problem(in: "the table of contents of the layer \(layer.digest)")
        }
        guard let entries = lines else { return nil }
        var builder = ErofsTreeBuilder()
        var parts: [Part] = []
        var position: Int64 = 0
        let ends = BlobEnds(entries, end: end)
        var index = 0
        var prioritized: Int64 = 0
        while index < entries.count {
            if entries[index].name == Self.landmark { prioritized = position }
            let next = entries[(index + 1)...].firstIndex { $0.type != "chunk" } ?? entries.count
            // The parts first: a size that they do not make up may be larger than any number bears.
            guard let member = entries[index].member,
                let own = Self.parts(entries[index..<next], at: position, ends),
                try builder.add(member, dataAt: position)
            else { return nil }
            parts += own
            position += (member.sizeInBytes + Self.alignment - 1) / Self.alignment * Self.alignment
            index = next
        }
        self.parts = parts
        self.prioritized = 0..<prioritized
        dataInBytes = position
        image =
            ErofsImage(
                root: builder.root, dataInBytes: position, uuid: diffID.firstBytes.map { ~$0 }
            ).bytes()
    }

    /// The parts of one file; nil where they do not make it up.
    private static func parts(
        _ lines: ArraySlice<ContentsEntry>, at position: Int64, _ ends: BlobEnds
    ) -> [Part]? {
        guard let file = lines.first, file.type == "reg", file.size > 0 else {
            return lines.count == 1 ? [] : nil
        }
        var parts: [Part] = []
        var offset: Int64 = 0
        for (index, line) in zip(lines.indices, lines) {
            let rest = file.size - offset
            let size = line.chunkSize == 0 ? rest : line.chunkSize
            let isLast = index == lines.index(before: lines.endIndex)
            guard line.name == file.name, line.chunkOffset == offset, size > 0, size <= rest,
                size <= largestPart, isLast == (size == rest), line.innerOffset >= 0,
                line.innerOffset <= largestPart
            else { return nil }
            let place = position + offset..<position + offset + size
            offset += size
            if line.chunkType == "zeros" { continue }  // a hole is right
            let text = line.chunkDigest ?? (lines.count == 1 ? file.digest : nil)
            let end = isLast ? file.end ?? ends.end(after: line.offset) : lines[index + 1].offset
            guard line.chunkType.isEmpty, let text, let digest = try? Digest(parsing: text),
                line.offset >= 0, end > line.offset, end <= ends.last,
                end - line.offset <= largestPart
            else { return nil }
            parts.append(
                Part(
                    place: place, blob: line.offset..<end, skipped: line.innerOffset,
                    digest: digest))
        }
        return parts
    }
}

extension ArrivingContents.Part {
    /// Decompresses and verifies the part.
    ///
    /// - Parameter compressed: the bytes of ``blob``.
    /// - Returns: its bytes.
    /// - Throws: `.corrupt` where they are others than the table of contents says.
    package func bytes(from compressed: [UInt8]) throws(Problem) -> [UInt8] {
        let source = try decompressed(
            MemorySource(compressed), limit: ArchiveLimit(bytes: .max))
        var bytes: [UInt8] = []
        bytes.reserveCapacity(place.count)
        var skipped = Int(self.skipped)
        while bytes.count < place.count, let chunk = try source.nextChunk() {
            let own = chunk.bytes.dropFirst(skipped)
            skipped -= chunk.bytes.count - own.count
            bytes += own.prefix(place.count - bytes.count)
        }
        var hasher = try ContentHasher(verifying: digest)
        bytes.withUnsafeBytes { hasher.update($0) }
        guard bytes.count == place.count, hasher.digest() == digest else {
            throw Problem(
                kind: .corrupt, what: "cannot use a part of a layer",
                why: "the bytes \(blob.lowerBound) to \(blob.upperBound) of its blob are others "
                    + "than its table of contents says")
        }
        return bytes
    }
}

/// Where the compressed bytes of each file end that does not say so: where the next one begins.
private struct BlobEnds {
    private let starts: [Int64]
    /// Where the last one ends.
    let last: Int64

    init(_ entries: [ContentsEntry], end: Int64) {
        starts = entries.filter { $0.type == "reg" || $0.type == "chunk" }.map(\.offset).sorted()
        last = end
    }

    func end(after offset: Int64) -> Int64 {
        var (low, high) = (0, starts.count)
        while low < high {
            let middle = (low + high) / 2
            if starts[middle] > offset { high = middle } else { low = middle + 1 }
        }
        return low < starts.count ? starts[low] : last
    }
}
