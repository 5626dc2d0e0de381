import Diagnostics
import OCI

/// What a signature says: that a manifest is the image of a name.
///
/// Simple signing and cosign sign a JSON text (containers-signature(5)), cosign's bundles a statement
/// of in-toto, or the manifest itself.
struct SignedStatement: Sendable, Equatable {
    /// The digest of the manifest.
    var digest: Digest
    /// The image's name; nil where the signature is about the manifest alone.
    var reference: String?

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

    /// What a signature of the manifest itself says.
    init(digest: Digest) { self.digest = digest }

    /// Reads a statement of in-toto that is known to be signed (in-toto attestation, Statement v1).
    ///
    /// - Throws: `.invalid` when it does not say of one image that it is signed: the same keys sign
    ///   lists of packages, too.
    init(inToto bytes: [UInt8]) throws(Problem) {
        let root = try JSONValue.parse(bytes, named: "the signature")
        guard root["predicateType"]?.string == Self.signedPredicate else {
            throw Self.mistake("it says something else than that an image is signed")
        }
        guard let subjects = root["subject"]?.array, subjects.count == 1,
            let subject = subjects.first,
            let digests = subject["digest"]?.object?.members, digests.count == 1,
            let digest = digests.first, let encoded = digest.value.string
        else { throw Self.mistake("it is not about one manifest") }
        self.digest = try Digest(parsing: "\(digest.name):\(encoded)")
        reference = subject["name"]?.string.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// What cosign says of an image in a bundle.
    private static let signedPredicate = "https://sigstore.dev/cosign/sign/v1"

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
