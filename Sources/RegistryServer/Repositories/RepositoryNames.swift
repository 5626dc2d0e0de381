import Diagnostics
import NIOHTTP1
import OCI

/// What a repository's name on the wire means in this machine's store.
///
/// `<name>` is the path of a reference of this registry: pushing `app:1` to the registry
/// "localhost:5000" makes the image `localhost:5000/app:1` here, and tagging an image so here puts it
/// into the registry. Images of other names are read as others read them, too: "docker.io/library/debian"
/// and, as Docker's mirrors are asked, "library/debian" or "debian".
struct RepositoryNames: Sendable {
    /// The host and port that the registry's own references begin with.
    let registry: String
    /// Whether images of other registries' names are there to be read.
    let showsOthers: Bool

    /// The registry's own repository of a name.
    ///
    /// - Throws: a refusal when the name breaks the grammar.
    func own(_ name: String) throws(Refusal) -> ImageReference {
        // Else a tag or a digest would be read out of it.
        guard !name.contains(where: { $0 == ":" || $0 == "@" }) else {
            throw Refusal(.badRequest, .nameInvalid, "\"\(name)\" is no name of a repository")
        }
        do {
            return try ImageReference(parsing: "\(registry)/\(name)")
        } catch {
            throw Refusal(.badRequest, .nameInvalid, error.why)
        }
    }

    /// The repositories of the store that a name shows, the registry's own first.
    ///
    /// - Parameters:
    ///   - name: on the wire.
    ///   - namespace: the host that a client of a mirror says it means (distribution-spec, Registry
    ///     Proxying).
    /// - Returns: references without tags.
    /// - Throws: a refusal when the name breaks the grammar.
    func places(_ name: String, namespace: String?) throws(Refusal) -> [ImageReference] {
        let own = try own(name)
        guard showsOthers else { return [own] }
        let text = namespace.map { "\($0)/\(name)" } ?? name
        // A name of the registry's own need not be one of Docker's, too.
        guard let other = try? ImageReference(parsing: text), other.repository != own.repository,
            other.tag == nil, other.digest == nil
        else { return [own] }
        return [own, other]
    }

    /// The name on the wire of an entry of the store; nil where it has none.
    func name(of reference: ImageReference) -> String? {
        if reference.domain == registry { return reference.path }
        // A port cannot stand in a name, nor can capitals.
        guard showsOthers, (try? own(reference.repository)) != nil else { return nil }
        return reference.repository
    }
}
