import Diagnostics
import NIOHTTP1
import OCI
import Registry
import Storage

/// Lists: tags, referrers and repositories, in pages (distribution-spec, Content Discovery).
extension RegistryAPI {
    /// The most entries of one answer.
    private static let pageSize = 1000
    /// What the descriptors of one page of referrers may have; annotations have no other limit.
    private static let referrersInBytes = 2 << 20

    /// `/v2/<name>/tags/list`.
    func tags(_ repository: Repository, _ request: Request) async throws -> Response {
        let contents = try await contents(of: repository)
        guard !contents.isEmpty || !contents.tags.isEmpty || arrivals.isKnown(repository.name)
        else {
            throw Refusal(.notFound, .nameUnknown, "there is no repository \(repository.name)")
        }
        let page = Page(
            of: contents.tags.keys.sorted(), try limit(request), after: request.query["last"])
        return response(
            page, ["name": .string(repository.name), "tags": page.json],
            at: "/v2/\(repository.name)/tags/list", request)
    }

    /// `/v2/_catalog`.
    func catalog(_ request: Request) async throws -> Response {
        let repositories = repositories
        let names = try await blocking { try repositories.list() }
        let page = Page(of: names, try limit(request), after: request.query["last"])
        return response(page, ["repositories": page.json], at: "/v2/_catalog", request)
    }

    /// `/v2/<name>/referrers/<digest>`.
    func referrers(
        _ repository: Repository, of subject: Digest, _ request: Request
    ) async throws -> Response {
        let contents = try await contents(of: repository)
        // A plus that was not encoded.
        let type = request.query["artifactType"].map { String($0.map { $0 == " " ? "+" : $0 }) }
        var digests = (contents.referrers[subject] ?? []).sorted()
        if let last = request.query["last"] { digests.removeAll { "\($0)" <= last } }
        var index = ImageIndex(schemaVersion: 2, mediaType: .index, manifests: [])
        var size = 0
        var next: Digest?
        let content = content
        for digest in digests {
            guard let descriptor = contents.manifests[digest] else { continue }
            let referrer = try await blocking {
                try ManifestFacts(of: try content.document(digest), descriptor).referrer
            }
            if let type, referrer.artifactType != type { continue }
            size += referrer.json().count
            if size > Self.referrersInBytes, let before = index.manifests.last {
                next = before.digest
                break
            }
            index.manifests.append(referrer)
        }
        var response = Response(.ok)
        response.headers.add(name: "Content-Type", value: MediaType.index.rawValue)
        if type != nil {
            response.headers.add(name: "OCI-Filters-Applied", value: "artifactType")
        }
        if let next {
            let filter = type.map { "&artifactType=\(PercentCoding.encode($0))" } ?? ""
            let path = "/v2/\(repository.name)/referrers/\(subject)"
            response.headers.add(
                name: "Link", value: "<\(path)?last=\(next)\(filter)>; rel=\"next\"")
        }
        response.body = .bytes(index.withManifests)
        return response
    }

    private func limit(_ request: Request) throws(Refusal) -> Int {
        guard let text = request.query["n"] else { return Self.pageSize }
        guard let limit = Int(text), limit >= 0 else {
            throw Refusal(.badRequest, .unsupported, "n is a number of entries, not \"\(text)\"")
        }
        return min(limit, Self.pageSize)
    }

    private func response(
        _ page: Page, _ json: JSONValue, at path: String, _ request: Request
    ) -> Response {
        var response = Response(.ok, json: json)
        if let last = page.next {
            response.headers.add(
                name: "Link",
                value: "<\(path)?n=\(page.limit)&last=\(PercentCoding.encode(last))>; rel=\"next\"")
        }
        return response
    }
}

/// A part of a list in order.
struct Page: Equatable {
    var entries: [String]
    /// How many entries there could have been.
    var limit: Int
    /// Where the next page goes on: its entries come after this one; nil on the last page.
    var next: String?

    /// - Parameters:
    ///   - list: sorted.
    ///   - limit: how many entries at most; of none there is no next page.
    ///   - last: the entry after which the page begins, which need not exist any more.
    init(of list: [String], _ limit: Int, after last: String?) {
        let rest = last.map { last in list.drop { $0 <= last } } ?? list[...]
        entries = Array(rest.prefix(limit))
        self.limit = limit
        next = rest.count > limit ? entries.last : nil
    }

    var json: JSONValue { .array(entries.map { .string($0) }) }
}

extension ImageIndex {
    /// The index as a list of referrers has it: with the member `manifests` even if that is empty.
    fileprivate var withManifests: [UInt8] {
        guard manifests.isEmpty else { return json() }
        let empty: JSONValue = [
            "schemaVersion": 2, "mediaType": .string(MediaType.index.rawValue), "manifests": [],
        ]
        return empty.json()
    }
}
