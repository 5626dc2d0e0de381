/// What a client wants of a repository; token servers give no more than is asked for.
package enum RegistryAccess: Sendable, Equatable {
    /// To read.
    case pull
    /// To prove who one is.
    case login
    /// To read and write, and to read the repository that a blob is mounted from.
    case push(mountingFrom: String?)
    /// To delete, and to write what lists of others have to say then.
    case delete

    /// The rights to ask a token server for (distribution's token specification).
    ///
    /// - Parameters:
    ///   - repository: the repository.
    ///   - asked: what the registry's challenge names; it knows of one request only, and so it
    ///     counts for reading alone.
    /// - Returns: scopes, separated by spaces.
    func scope(repository: String, asked: String?) -> String? {
        switch self {
        case .login: return nil
        case .pull: return asked ?? "repository:\(repository):pull"
        case .push(let source):
            let own = "repository:\(repository):pull,push"
            return source.map { "\(own) repository:\($0):pull" } ?? own
        case .delete: return "repository:\(repository):pull,push,delete"
        }
    }

    /// What is refused, for errors.
    func purpose(registry: String, repository: String) -> String {
        switch self {
        case .pull: "cannot read \(repository) on \(registry)"
        case .push: "cannot write to \(repository) on \(registry)"
        case .delete: "cannot delete in \(repository) on \(registry)"
        case .login: "cannot log in to \(registry)"
        }
    }
}
