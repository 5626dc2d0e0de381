package import Diagnostics
package import OCI
import Storage

/// Where a layer's table of contents is in its blob, and which digest the manifest promises of it.
///
/// eStargz (github.com/containerd/stargz-snapshotter, docs/estargz.md) and zstd:chunked
/// (containers/storage, docs/containers-storage-zstd-chunked.md) are archives of usual compression
/// whose files can be had one by one.
package enum ContentsPlace: Sendable, Equatable {
    /// A compressed document; the digest is of its compressed bytes.
    case zstdChunked(range: Range<Int64>, digest: Digest)
    /// An archive with a document, from where the footer says; the digest is of the document.
    case eStargz(digest: Digest)

    /// The footer of eStargz: an empty gzip member that has the place as an extra field.
    package static let footerInBytes: Int64 = 51
    /// What a table of contents may have, compressed or not: some hundred thousand files.
    package static let mostBytes: Int64 = 64 << 20

    /// Whether an annotation is about a table of contents, which another blob does not have.
    static func isAnnotation(_ name: String) -> Bool {
        [
            "containerd.io/snapshot/stargz/", "io.containers.estargz.",
            "io.github.containers.zstd-chunked.", "io.containers.zstd-chunked.",
        ].contains { name.hasPrefix($0) }
    }

    /// What the annotations of a layer's descriptor say; nil where it has no table of contents.
    package init?(_ layer: Descriptor) {
        let annotations = layer.annotations
        if let text = annotations["containerd.io/snapshot/stargz/toc.digest"] {
            guard let digest = try? Digest(parsing: text) else { return nil }  // so it is none
            self = .eStargz(digest: digest)
            return
        }
        for prefix in ["io.github.containers.zstd-chunked", "io.containers.zstd-chunked"] {
            guard let checksum = annotations["\(prefix).manifest-checksum"],
                let position = annotations["\(prefix).manifest-position"],
                let digest = try? Digest(parsing: checksum)
            else { continue }
            let words = position.split(separator: ":", omittingEmptySubsequences: false)
            let numbers = words.compactMap { Int64($0) }
            // offset:compressed size:size:type; type 1 is the only one
            guard numbers.count == 4, words.count == 4, numbers[3] == 1, numbers[0] >= 0,
                (1...Self.mostBytes).contains(numbers[1]),
                (1...Self.mostBytes).contains(numbers[2]), numbers[0] <= layer.size - numbers[1]
            else { return nil }
            self = .zstdChunked(
                range: numbers[0]..<numbers[0] + numbers[1], digest: digest)
            return
        }
        return nil
    }

    /// Where an eStargz layer's table of contents begins, by its footer.
    ///
    /// - Throws: `.corrupt` for what is no such footer.
    package static func start(inFooter footer: [UInt8], of layer: Descriptor) throws(Problem)
        -> Int64
    {
        // RFC 1952: a header of 10 bytes, then the extra field: its length, "SG", and its own
        // length. The text is 16 hexadecimal digits and STARGZ.
        let text = footer.dropFirst(16).prefix(22)
        guard footer.count == Self.footerInBytes, footer.starts(with: [0x1F, 0x8B]),
            text.suffix(6).elementsEqual("STARGZ".utf8),
            let start = Int64(String(decoding: text.prefix(16), as: UTF8.self), radix: 16),
            start >= 0, start < layer.size - Self.footerInBytes,
            layer.size - Self.footerInBytes - start <= Self.mostBytes
        else {
            throw Problem(
                kind: .corrupt, what: "cannot read the layer \(layer.digest)",
                why: "it should be eStargz and has no footer of that")
        }
        return start
    }
}
