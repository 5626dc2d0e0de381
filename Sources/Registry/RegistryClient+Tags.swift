import AsyncHTTPClient
import Diagnostics
import NIOCore
import NIOHTTP1
import OCI

extension RegistryClient {
    /// A page of tags is smaller.
    private static let pageLimitInBytes = 8 << 20
    /// More than a repository has; a registry that goes on for ever is cut off.
    private static let tagLimit = 100_000

    /// Fetches a manifest that somebody has named; the error of a tag that is not there names those
    /// that are.
    func namedManifest(
        _ name: ManifestName, purpose: String
    ) async throws -> ManifestDocument {
        do {
            return try await manifest(name, purpose: purpose)
        } catch let problem as Problem where problem.kind == .notFound {
            throw await withTags(problem, missing: name)
        }
    }

    /// An error of a tag that is not there, with those that are.
    func withTags(_ problem: Problem, missing name: ManifestName) async -> Problem {
        // A registry that does not say them leaves the error as it is.
        guard case .tag = name, let tags = try? await tags(purpose: problem.what), !tags.isEmpty
        else { return problem }
        var problem = problem
        let last = tags.suffix(Self.namedTags)
        problem.fix =
            "take one of the repository's tags: "
            + (last.count < tags.count ? "…, " : "") + last.joined(separator: ", ")
        return problem
    }

    /// So many tags a person reads; the newest versions are mostly at the end.
    private static let namedTags = 8

    /// Asks for all tags of the repository (end-8a and end-8b), page by page.
    ///
    /// - Parameter purpose: what cannot be done when it fails, for the error.
    /// - Returns: the tags in the registry's order.
    /// - Throws: a `Problem`, or that the task is cancelled.
    package func tags(purpose: String) async throws -> [String] {
        var tags: [String] = []
        var query: String? = "n=1000"
        while let page = query {
            let response = try await send(
                RegistryRequest(
                    method: .GET, place: .resource("tags/list?\(page)"), purpose: purpose))
            let body = try await response.body.collect(upTo: Self.pageLimitInBytes)
            let json = try JSONValue.parse(
                Array(body.readableBytesView), named: "the list of tags")
            tags += json["tags"]?.array?.compactMap(\.string) ?? []
            guard tags.count <= Self.tagLimit else {
                throw Problem(
                    kind: .invalid, what: purpose,
                    why: "\(registry) lists more than \(Self.tagLimit) tags")
            }
            let next = NextPage.query(ofLinks: response.headers["Link"])
            query = next == page ? nil : next
        }
        return tags
    }
}

/// The header `Link` of a list in pages (RFC 8288): `</v2/a/b/tags/list?last=x&n=1000>; rel="next"`.
enum NextPage {
    /// The query of the next page, or nil after the last.
    ///
    /// Only the query counts: the next page is of the same list at the same registry, whatever
    /// host and path the link names.
    static func query(ofLinks headers: [String]) -> String? {
        for link in headers.flatMap({ $0.split(separator: ",") }) {
            let parameters = link.split(separator: ";").dropFirst().map {
                $0.filter { $0 != " " && $0 != "\"" }.lowercased()
            }
            guard parameters.contains("rel=next"),
                let target = link.split(separator: "<").last?.split(separator: ">").first,
                let mark = target.firstIndex(of: "?")
            else { continue }
            let query = target[target.index(after: mark)...]
            return query.isEmpty ? nil : String(query)
        }
        return nil
    }
}
