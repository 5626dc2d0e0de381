/// The header `Range` of a request (RFC 9110 § 14).
enum ByteRange: Equatable {
    /// The whole: there is no range, or one that need not be understood.
    case whole
    /// A part.
    case part(Range<Int64>)
    /// None of the bytes that are there.
    case unsatisfiable

    /// Reads a header for content of a size.
    ///
    /// Several ranges in one header are answered with the whole, as the specification allows.
    init(_ header: String?, sizeInBytes size: Int64) {
        self = .whole
        guard let header, header.lowercased().hasPrefix("bytes=") else { return }
        let text = header.dropFirst("bytes=".count)
        guard !text.contains(",") else { return }
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
            .map { $0.filter { $0 != " " } }
        guard parts.count == 2 else { return }
        switch (Self.number(parts[0]), Self.number(parts[1])) {
        case (nil, let count?) where parts[0].isEmpty:
            self = count == 0 || size == 0 ? .unsatisfiable : .part(max(0, size - count)..<size)
        case (let first?, nil) where parts[1].isEmpty:
            self = first < size ? .part(first..<size) : .unsatisfiable
        case (let first?, let last?):
            self =
                first < size && first <= last
                ? .part(first..<min(last, size - 1) + 1) : .unsatisfiable
        default: return
        }
    }

    private static func number(_ text: String) -> Int64? {
        text.utf8.allSatisfy { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 } ? Int64(text) : nil
    }
}

/// The header `Content-Range` of a chunk: "0-1023" (distribution-spec, Pushing a blob in chunks).
struct ChunkRange: Equatable {
    var first: Int64
    var last: Int64

    /// Reads a header; nil for what does not match `^[0-9]+-[0-9]+$` or ends before it begins.
    init?(_ text: String) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2,
            parts.allSatisfy({
                $0.utf8.allSatisfy { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }
            }), let first = Int64(parts[0]), let last = Int64(parts[1]), first <= last
        else { return nil }
        self.first = first
        self.last = last
    }

    /// How many bytes it has.
    var sizeInBytes: Int64 { last - first + 1 }
}
