import AsyncHTTPClient
package import Diagnostics
import NIOCore
import NIOHTTP1
import OCI

/// Looks for repositories by a word.
///
/// Docker's Hub and some others have an index for it (`/v1/search`); of the rest all repositories
/// are listed (`_catalog`) and those taken whose name has the word.
package struct RegistrySearch: Sendable {
    private let registry: String
    private let word: String
    private let limit: Int
    private let settings: RegistrySettings

    /// A repository that was found.
    package struct Result: Sendable, Equatable {
        package var name: String
        package var description = ""
        package var stars = 0
        package var isOfficial = false
    }

    /// An answer is smaller.
    private static let answerLimitInBytes = 8 << 20
    /// More pages than a catalogue that people search has.
    private static let pageLimit = 100

    /// - Parameters:
    ///   - term: a word, or a registry and a word: "r.example/word".
    ///   - limit: the most results.
    ///   - settings: how to reach registries.
    package init(_ term: String, limit: Int, settings: RegistrySettings) {
        let slash = ImageReference.isShort(term) ? nil : term.firstIndex(of: "/")
        registry = slash.map { String(term[..<$0]) } ?? "docker.io"
        word = slash.map { String(term[term.index(after: $0)...]) } ?? term
        self.limit = limit
        self.settings = settings
    }

    /// Searches.
    ///
    /// - Returns: at most as many repositories as wanted, in the registry's order.
    package func run() async throws(Problem) -> [Result] {
        let purpose = "cannot search \(registry)"
        // The Hub's index is at a host of its own.
        let host = registry == "docker.io" ? "index.docker.io" : registry
        let endpoint = try settings.endpoint(ofRegistry: host)
        let client = RegistryClient(endpoint, access: .pull, settings: settings)
        let found: Swift.Result<[Result], any Error>
        do {
            let indexed = try await searchIndex(client, purpose)
            if let indexed {
                found = .success(indexed)
            } else {
                found = .success(try await searchCatalog(client, purpose))
            }
        } catch {
            found = .failure(error)
        }
        await client.shutDown()
        return try explained(purpose, goingOn: "search again") { try found.get() }
    }

    /// Asks the index; nil when there is none.
    private func searchIndex(
        _ client: RegistryClient, _ purpose: String
    ) async throws -> [Result]? {
        let response = try await client.send(
            RegistryRequest(
                method: .GET,
                place: .path("/v1/search?q=\(word.escapedForQuery)&n=\(limit)"),
                accepted: [400, 404, 405, 410, 501], purpose: purpose))
        guard response.status == .ok else {
            _ = await response.refusal()
            return nil
        }
        let body = try await response.body.collect(upTo: Self.answerLimitInBytes)
        let json = try JSONValue.parse(Array(body.readableBytesView), named: "the search's answer")
        guard let results = json["results"]?.array else {
            throw Problem(
                kind: .unavailable, what: purpose, why: "its answer has no \"results\"")
        }
        return results.prefix(limit).compactMap { result in
            guard let name = result["name"]?.string else { return nil }
            return Result(
                name: whole(name), description: result["description"]?.string ?? "",
                stars: result["star_count"]?.int ?? 0,
                isOfficial: result["is_official"]?.bool ?? false)
        }
    }

    private func searchCatalog(
        _ client: RegistryClient, _ purpose: String
    ) async throws -> [Result] {
        var results: [Result] = []
        var query = "n=1000"
        for _ in 0..<Self.pageLimit {
            let response = try await client.send(
                RegistryRequest(
                    method: .GET, place: .path("\(client.apiPath)_catalog?\(query)"),
                    purpose: purpose))
            let body = try await response.body.collect(upTo: Self.answerLimitInBytes)
            let json = try JSONValue.parse(
                Array(body.readableBytesView), named: "the list of repositories")
            for name in json["repositories"]?.array?.compactMap(\.string) ?? []
            where name.contains(word) {
                results.append(Result(name: whole(name)))
                if results.count == limit { return results }
            }
            let next = NextPage.query(ofLinks: response.headers["Link"])
            guard let next, next != query else { return results }
            query = next
        }
        return results
    }

    /// A name as one would pull it.
    private func whole(_ name: String) -> String {
        registry == "docker.io" ? name : "\(registry)/\(name)"
    }
}
