import OCI

/// Which name a signature has to be about (containers-policy.json(5), `signedIdentity`).
enum SignedIdentity: Sendable, Equatable {
    /// The very name, with its tag or digest.
    case matchExact
    /// The very name; of an image that is named by its digest, any name in its repository.
    case matchRepoDigestOrExact
    /// Any name in the repository.
    case matchRepository
    case exactReference(ImageReference)
    case exactRepository(ImageReference)
    /// The name with another beginning, as of a mirror.
    case remapIdentity(prefix: String, signedPrefix: String)

    /// Whether a signature about one name holds for an image of another.
    ///
    /// - Parameters:
    ///   - text: the name in the signature; nil where it has none, as in cosign's bundles.
    ///   - wanted: the name that the user asked for.
    /// - Returns: false also when the signature's name is no image's.
    func accepts(signed text: String?, for wanted: ImageReference) -> Bool {
        // What has no name says as little of the repository as cosign's texts do of the tag.
        guard let text else { return self == .matchRepository }
        guard let signed = try? ImageReference(parsing: text) else { return false }
        switch self {
        case .matchExact: return signed.isWhole && signed == wanted
        case .matchRepoDigestOrExact:
            guard signed.isWhole else { return false }
            return wanted.digest == nil ? signed == wanted : signed.repository == wanted.repository
        case .matchRepository: return signed.repository == wanted.repository
        case .exactReference(let exact): return signed.isWhole && signed == exact
        case .exactRepository(let exact): return signed.repository == exact.repository
        case .remapIdentity(let prefix, let signedPrefix):
            let name = "\(wanted)"
            guard let length = PrefixMatch.length(of: prefix, in: name) else {
                return Self.matchRepoDigestOrExact.accepts(signed: text, for: wanted)
            }
            let mapped = signedPrefix + name.dropFirst(length)
            guard let other = try? ImageReference(parsing: mapped) else { return false }
            return Self.matchRepoDigestOrExact.accepts(signed: text, for: other)
        }
    }
}

extension ImageReference {
    fileprivate var isWhole: Bool { tag != nil || digest != nil }
}
