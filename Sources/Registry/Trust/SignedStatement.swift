import Diagnostics
import OCI

/// What a signature says: that a manifest is the image of a name.
///
/// Both simple signing and cosign sign this JSON text (containers-signature(5)).
struct SignedStatement: Sendable, Equatable {
    /// The digest of the manifest.
    var digest: Digest
    /// The image's name.
    var reference: String

    /// The two kinds of signatures.
    enum Kind: String, Sendable {
        case simpleSigning = "atomic container signature"
        case cosign = "cosign container image signature"
    }

    /// Reads a text that is known to be signed; it may still be about something else.
    ///
    /// - Throws: `.invalid` when it is not of the kind, or says what nobody knows.
    init(json bytes: [UInt8], _ kind: Kind) throws(Problem) {
        let root = try JSONValue.parse(bytes, named: "the signature")
        let critical = try Self.members(root, "critical", ["type", "image", "identity"])
        guard critical["type"]?.string == kind.rawValue else {
            throw Self.mistake("it is no \(kind.rawValue)")
        }
        let image = try Self.members(
            .object(critical), "image", ["docker-manifest-digest"])
        let identity = try Self.members(.object(critical), "identity", ["docker-reference"])
        guard let digest = image["docker-manifest-digest"]?.string,
            let reference = identity["docker-reference"]?.string
        else { throw Self.mistake("it names no manifest or no image") }
        self.digest = try Digest(parsing: digest)
        self.reference = reference
    }

    /// The members of a part, which must be these and no others.
    private static func members(
        _ value: JSONValue, _ name: String, _ keys: Set<String>
    ) throws(Problem) -> JSONObject {
        guard let object = value[name]?.object else { throw mistake("it has no \"\(name)\"") }
        guard Set(object.members.map(\.name)) == keys, object.members.count == keys.count else {
            throw mistake("its \"\(name)\" has other members than it should")
        }
        return object
    }

    private static func mistake(_ why: String) -> Problem {
        Problem(kind: .invalid, what: "cannot use the signature", why: why)
    }
}
