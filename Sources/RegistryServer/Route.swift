import NIOHTTP1
import OCI

/// What a path asks for (distribution-spec, Endpoints).
enum Route: Equatable {
    /// `/v2/`: end-1.
    case root
    /// `/v2/_catalog`: Docker's list of repositories.
    case catalog
    /// `/v2/<name>/blobs/<digest>`: end-2 and end-10.
    case blob(name: String, digest: String)
    /// `/v2/<name>/manifests/<reference>`: end-3, end-7 and end-9.
    case manifest(name: String, reference: String)
    /// `/v2/<name>/blobs/uploads/`: end-4 and end-11.
    case uploads(name: String)
    /// `/v2/<name>/blobs/uploads/<upload>`: end-5, end-6, end-13 and end-14.
    case upload(name: String, upload: String)
    /// `/v2/<name>/tags/list`: end-8.
    case tags(name: String)
    /// `/v2/<name>/referrers/<digest>`: end-12.
    case referrers(name: String, digest: String)

    /// Finds a path's meaning; nil for a path of nothing.
    ///
    /// A repository may have "blobs" or "manifests" in its name, so that the end decides.
    init?(path: String) {
        let words = path.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard words.count >= 2, words[0].isEmpty, words[1] == "v2" else { return nil }
        let rest = words.dropFirst(2)
        func name(butLast count: Int) -> String { rest.dropLast(count).joined(separator: "/") }
        switch (rest.count, rest.dropLast(2).last, rest.dropLast().last, rest.last) {
        case (0, _, _, _), (1, _, _, ""): self = .root
        case (1, _, _, "_catalog"): self = .catalog
        case (4..., "blobs", "uploads", ""): self = .uploads(name: name(butLast: 3))
        case (4..., "blobs", "uploads", let upload?):
            self = .upload(name: name(butLast: 3), upload: upload)
        case (3..., _, "blobs", "uploads"): self = .uploads(name: name(butLast: 2))
        case (3..., _, "blobs", let digest?):
            self = .blob(name: name(butLast: 2), digest: digest)
        case (3..., _, "manifests", let reference?):
            self = .manifest(name: name(butLast: 2), reference: reference)
        case (3..., _, "referrers", let digest?):
            self = .referrers(name: name(butLast: 2), digest: digest)
        case (3..., _, "tags", "list"): self = .tags(name: name(butLast: 2))
        default: return nil
        }
    }

    /// What may be done with it.
    var methods: [HTTPMethod] {
        switch self {
        case .root, .catalog, .tags, .referrers: [.GET, .HEAD]
        case .blob: [.GET, .HEAD, .DELETE]
        case .manifest: [.GET, .HEAD, .PUT, .DELETE]
        case .uploads: [.POST]
        case .upload: [.GET, .HEAD, .PATCH, .PUT, .DELETE]
        }
    }
}
