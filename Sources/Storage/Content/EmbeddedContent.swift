package import Diagnostics
package import OCI

extension Descriptor {
    /// The content that the descriptor holds itself (image-spec, descriptor.md § Embedded Content).
    ///
    /// - Returns: nil where it holds none.
    /// - Throws: `.corrupt` for other content than it names; `.unsupported` where Kade does not know
    ///   the algorithm of its digest.
    package func embeddedContent() throws(Problem) -> [UInt8]? {
        guard let data else { return nil }
        func problem(_ why: String) -> Problem {
            Problem(
                kind: .corrupt, what: "cannot use the content of \(digest)",
                why: "the descriptor holds other content than it names: \(why)",
                fix: "ask whoever made the image")
        }
        guard let bytes = Base64.decode(data) else { throw problem("it is no base64") }
        guard Int64(bytes.count) == size else {
            throw problem("\(bytes.count) bytes and not \(size)")
        }
        var hasher = try ContentHasher(verifying: digest)
        bytes.withUnsafeBytes { hasher.update($0) }
        let own = hasher.digest()
        guard own == digest else { throw problem("its digest is \(own)") }
        return bytes
    }
}
