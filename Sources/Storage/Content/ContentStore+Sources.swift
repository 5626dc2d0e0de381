import Diagnostics
import Linux
package import OCI

/// Where content came from and went to: repositories that a registry can take it over from.
///
/// They are an extended attribute of the blob's file, so that they end with it. A file system
/// without attributes remembers nothing, and blobs are then sent where they might be taken over.
extension ContentStore {
    private static let sourcesAttribute = "user.kade.sources"
    /// The most repositories that are remembered of one blob, the latest ones.
    private static let sourcesLimit = 16

    /// The repositories with their registries ("docker.io/library/debian"), the latest last.
    package func sources(of digest: Digest) -> [String] {
        let path = path(of: digest)
        // Best effort: see above.
        guard let value = try? ExtendedAttributes.value(of: Self.sourcesAttribute, on: path)
        else { return [] }
        return String(decoding: value, as: UTF8.self).split(separator: "\n").map(String.init)
    }

    /// Notes that a repository has the content.
    package func remember(source: String, of digest: Digest) {
        var sources = sources(of: digest)
        guard sources.last != source else { return }
        sources.removeAll { $0 == source }
        sources.append(source)
        let text = sources.suffix(Self.sourcesLimit).joined(separator: "\n")
        // Best effort: see above.
        try? ExtendedAttributes.set(
            Self.sourcesAttribute, to: Array(text.utf8), on: path(of: digest))
    }
}
