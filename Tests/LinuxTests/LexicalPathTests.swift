import Linux
import SystemPackage
import Testing

@Suite struct LexicalPathTests {
    @Test(arguments: [
        "/", "/a/b", "a", "", "/a/./b", "/a/../b", "/..", "..", "./a", "/a/.hidden/b", "/a/...",
        "/a.",
        "a/..", "//a//b/", "/a/b/.",
    ])
    func `dots are taken out as swift-system does it`(text: String) {
        let path = FilePath(text)
        #expect(path.withoutDots == path.lexicallyNormalized())
    }
}
