import Testing

@testable import RegistryServer

@Suite struct RouteTests {
    @Test(arguments: [
        ("/v2/", Route.root), ("/v2", .root), ("/v2/_catalog", .catalog),
        ("/v2/a/b/blobs/sha256:1", .blob(name: "a/b", digest: "sha256:1")),
        ("/v2/a/manifests/latest", .manifest(name: "a", reference: "latest")),
        ("/v2/a/blobs/uploads/", .uploads(name: "a")),
        ("/v2/a/blobs/uploads", .uploads(name: "a")),
        ("/v2/a/blobs/uploads/x-y", .upload(name: "a", upload: "x-y")),
        ("/v2/a/tags/list", .tags(name: "a")),
        ("/v2/a/referrers/sha256:1", .referrers(name: "a", digest: "sha256:1")),
        // Words of the API in names.
        (
            "/v2/blobs/manifests/tags/manifests/1",
            .manifest(name: "blobs/manifests/tags", reference: "1")
        ),
        ("/v2/tags/list/tags/list", .tags(name: "tags/list")),
        ("/v2/blobs/uploads/blobs/uploads/", .uploads(name: "blobs/uploads")),
    ])
    func `the end of a path decides what it means`(path: String, route: Route) {
        #expect(Route(path: path) == route)
    }

    @Test(arguments: ["/", "/v1/", "/v2/a", "/v2/a/b", "/v2/a/tags/other", "/v2/tags/list", "v2/"])
    func `other paths mean nothing`(path: String) {
        #expect(Route(path: path) == nil)
    }

    @Test func `parameters are decoded, and may come several times`() {
        let query = QueryParameters("tag=1&tag=a%2Bb&last=x+y&empty=&bad=%zz&n")
        #expect(query.all("tag") == ["1", "a+b"])
        #expect(query["last"] == "x y")
        #expect(query["empty"] == "")
        #expect(query["n"] == "")
        #expect(query["bad"] == nil)
        #expect(query["missing"] == nil)
        #expect(PercentCoding.encode("a/b+c d%") == "a/b%2Bc%20d%25")
        #expect(PercentCoding.decode("%c3%A4+", plusIsSpace: false) == "ä+")
        #expect(PercentCoding.decode("%ff", plusIsSpace: false) == nil)
        #expect(PercentCoding.decode("%4", plusIsSpace: false) == nil)
    }
}
