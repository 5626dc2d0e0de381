import NIOHTTP1

/// What somebody may do.
enum Access: Sendable, Equatable {
    /// Everything.
    case everything
    /// What a token says (distribution, Token Scope Documentation).
    case granted(Set<Right>)

    /// One thing that may be done.
    struct Right: Sendable, Hashable {
        /// "repository" or "registry".
        var type: String
        /// The repository's name, or "catalog".
        var name: String
        /// "pull", "push", "delete" or "*".
        var action: String
    }

    /// Whether blobs of a repository may be taken over into another.
    func allowsPull(from name: String) -> Bool {
        allows([Right(type: "repository", name: name, action: "pull")])
    }

    /// Whether all of some things may be done.
    func allows(_ rights: [Right]) -> Bool {
        guard case .granted(let granted) = self else { return true }
        return rights.allSatisfy { right in
            var any = right
            any.action = "*"
            return granted.contains(right) || granted.contains(any)
        }
    }

    /// What a request needs; the root needs nothing but to be known.
    static func rights(for route: Route, _ method: HTTPMethod) -> [Right] {
        let name: String
        switch route {
        case .root: return []
        case .catalog: return [Right(type: "registry", name: "catalog", action: "*")]
        case .blob(let repository, _), .manifest(let repository, _), .uploads(let repository),
            .upload(let repository, _), .tags(let repository), .referrers(let repository, _):
            name = repository
        }
        let actions: [String] =
            switch (route, method) {
            case (.upload, _), (.uploads, _), (_, .PUT): ["pull", "push"]
            case (_, .DELETE): ["delete"]
            default: ["pull"]
            }
        return actions.map { Right(type: "repository", name: name, action: $0) }
    }

    /// Rights as a challenge asks for them: "repository:a/b:pull,push".
    static func scope(of rights: [Right]) -> String? {
        guard let first = rights.first else { return nil }
        return "\(first.type):\(first.name):\(rights.map(\.action).joined(separator: ","))"
    }
}
