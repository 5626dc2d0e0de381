import Testing

@testable import Registry

@Suite struct NextPageTests {
    @Test(
        arguments: [
            (["</v2/a/b/tags/list?last=x&n=2>; rel=\"next\""], "last=x&n=2"),
            (["<https://elsewhere.example/v2/a/tags/list?n=2&last=y>; rel=next"], "n=2&last=y"),
            (
                ["</v2/a/tags/list?n=1>; rel=\"prev\", </v2/a/tags/list?last=z>; rel=\"next\""],
                "last=z"
            ),
            (["</v2/a/tags/list>; rel=\"next\""], nil),
            (["</v2/a/tags/list?last=x>; rel=\"last\""], nil),
            ([], nil),
        ] as [([String], String?)])
    func `the next page is a query of the same list`(links: [String], query: String?) {
        #expect(NextPage.query(ofLinks: links) == query)
    }
}
