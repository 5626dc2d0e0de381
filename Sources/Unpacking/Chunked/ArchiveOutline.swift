import Diagnostics
import Linux
import OCI
import Storage

/// What is where in an archive whose files are to be had one by one.
struct ArchiveOutline {
    /// The members in their order.
    var members: [Member] = []
    /// Where the last member ends; zeros follow.
    var endInBytes: Int64 = 0

    /// A member, and the parts of its data.
    struct Member {
        var entry: TarEntry
        /// Where its headers begin.
        var startInBytes: Int64
        /// When it was modified.
        var nanosecondsSinceEpoch: Int64
        /// Of the whole data.
        var digest: Digest
        var chunks: [ArchiveChunk] = []
    }

    /// Files are cut into parts of this many bytes, as eStargz's own tools do.
    private static let chunkInBytes: Int64 = 4 << 20

    /// Reads an archive through.
    ///
    /// - Throws: `.corrupt` when it is none; `.unsupported` for what a table of contents has no place
    ///   for.
    init(of file: SharedFile, sizeInBytes: Int64) throws(Problem) {
        var reader = TarReader(FileRangeSource(file, range: 0..<sizeInBytes))
        while let entry = try reader.nextEntry() {
            try Self.check(entry)
            var member = Member(
                entry: entry, startInBytes: endInBytes,
                nanosecondsSinceEpoch: try Self.nanosecondsSinceEpoch(of: entry),
                digest: ContentHasher.sha256([]))
            var whole = ContentHasher()
            while reader.dataLeft > 0 {
                let start = reader.offsetInBytes
                let end = start + min(Self.chunkInBytes, reader.dataLeft)
                var part = ContentHasher()
                while reader.offsetInBytes < end {
                    let bytes = try reader.readData(atMost: Int(end - reader.offsetInBytes))
                    whole.update(bytes)
                    part.update(bytes)
                }
                member.chunks.append(ArchiveChunk(range: start..<end, digest: part.digest()))
            }
            member.digest = whole.digest()
            members.append(member)
            endInBytes = reader.offsetInBytes + (512 - reader.offsetInBytes % 512) % 512
        }
    }

    /// Leaves out the table of contents that an archive from an eStargz layer ends with.
    mutating func dropContents() {
        guard let last = members.last, last.entry.displayName == ContentsDocument.name else {
            return
        }
        members.removeLast()
        endInBytes = last.startInBytes
    }

    private static func check(_ entry: TarEntry) throws(Problem) {
        let why: String
        if entry.sparse != nil {
            why = "\(entry.displayName) is a sparse file"
        } else if String(validating: entry.name, as: UTF8.self) == nil
            || String(validating: entry.linkTarget, as: UTF8.self) == nil
        {
            why = "the name \(entry.displayName) is not in UTF-8"
        } else {
            return
        }
        throw hasNoPlace(why)
    }

    /// A member's time, which a table of contents has as a date.
    private static func nanosecondsSinceEpoch(of entry: TarEntry) throws(Problem) -> Int64 {
        let time = entry.modified
        let (whole, isTooFar) = time.seconds.multipliedReportingOverflow(by: 1_000_000_000)
        let (moment, isBeyond) = whole.addingReportingOverflow(time.nanoseconds)
        guard !isTooFar, !isBeyond else {
            throw hasNoPlace(
                "the time of \(entry.displayName), \(time.seconds) seconds after 1970, is no date")
        }
        return moment
    }

    private static func hasNoPlace(_ why: String) -> Problem {
        Problem(
            kind: .unsupported, what: "cannot make a table of contents of a layer", why: why,
            fix: "compress it by gzip or zstd")
    }
}

/// A part of a file's data.
struct ArchiveChunk {
    /// Where it is in the archive.
    var range: Range<Int64>
    var digest: Digest
    /// Where it is in the blob once it is compressed.
    var place: Range<Int64> = 0..<0
}
