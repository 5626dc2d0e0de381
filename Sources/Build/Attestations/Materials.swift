import OCI
import Synchronization

/// What a build took from elsewhere: images, files of the web and repositories.
final class Materials: Sendable {
    /// One of them.
    struct Material: Hashable {
        var address: String
        var algorithm: String
        var digest: String

        var json: JSONValue {
            [
                "uri": .string(address),
                "digest": .object(JSONObject([.init(algorithm, .string(digest))])),
            ]
        }
    }

    private let found = Mutex<Set<Material>>([])

    func add(_ material: Material) { found.withLock { _ = $0.insert(material) } }

    /// All of them, in the order of their addresses.
    var all: [Material] {
        found.withLock { found in
            found.sorted { ($0.address, $0.digest) < ($1.address, $1.digest) }
        }
    }
}

/// Addresses of packages, images among them (package-url).
enum PackageAddress {
    static func image(_ reference: ImageReference, platform: Platform?) -> String {
        let tag = reference.tag.map { "@\($0)" } ?? ""
        let suffix = platform.map { "?platform=\(escaped("\($0)"))" } ?? ""
        return "pkg:docker/\(reference.familiarName)\(tag)\(suffix)"
    }

    /// The text with all that separates the parts of an address escaped.
    static func escaped(_ text: String) -> String {
        text.utf8.reduce(into: "") { result, byte in
            let isPlain =
                Byte.isLetter(byte) || Byte.isDigit(byte) || "-._~:".utf8.contains(byte)
            let digits = String(byte, radix: 16, uppercase: true)
            result +=
                isPlain ? [byte].text : "%" + (digits.utf8.count < 2 ? "0" : "") + digits
        }
    }
}
