/// Where a repository is: what stands before and after its resources in their addresses.
package struct RepositoryPlace: Sendable, Equatable {
    /// "https://registry.example/v2/team/app".
    package var address: String
    /// What a mirror is told, "ns=registry.example"; mostly empty.
    package var query: String
}

extension RegistryClient {
    /// Where the repository is asked for first.
    nonisolated var firstPlace: RepositoryPlace? { firstCandidate.map(place) }

    /// Where the repository is; nil where nobody answers.
    func foundPlace() async -> RepositoryPlace? {
        // The request that needs it says why nobody does.
        (try? await apiAddress()).map(place)
    }

    private nonisolated func place(at address: WebAddress) -> RepositoryPlace {
        var address = address
        address.target = target(of: "")
        let parts = address.description.split(
            separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let path = parts[0]
        return RepositoryPlace(
            address: String(path.hasSuffix("/") ? path.dropLast() : path),
            query: parts.count > 1 ? String(parts[1]) : "")
    }
}
