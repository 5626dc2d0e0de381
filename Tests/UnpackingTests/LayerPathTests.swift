import Diagnostics
import Testing

@testable import Unpacking

@Suite struct LayerPathTests {
    @Test(arguments: [
        ("a/b/c", "a/b", "c"), ("./a", "", "a"), ("a//b/./c/", "a/b", "c"), ("./", "", ""),
        ("/", "", ""), ("...", "", "..."), ("a/..b", "a", "..b"), ("a/", "", "a"),
        ("./a/b/", "a", "b"), (".x", "", ".x"), ("./.x/y", ".x", "y"), ("a/b//", "a", "b"),
        (".//a", "", "a"), ("é/ü", "é", "ü"), ("//", "", ""), (".", "", ""), ("", "", ""),
    ])
    func `a path is taken apart and tidied`(text: String, parent: String, name: String) throws {
        let path = try LayerPath(Array(text.utf8))
        #expect(path.parent == Array(parent.utf8))
        #expect(path.name == Array(name.utf8))
    }

    @Test(arguments: ["..", "../a", "a/../../b", "a/..", "/etc/passwd", "//x", "./../x"])
    func `a path that leaves the root is refused`(text: String) throws {
        let problem = try #require(throws: Problem.self) { try LayerPath(Array(text.utf8)) }
        #expect(problem.kind == .invalid)
    }

    @Test func `whiteouts are told apart`() throws {
        func whiteout(_ name: String) throws -> Whiteout {
            try Whiteout(Array(name.utf8), of: Array(name.utf8))
        }
        #expect(try whiteout(".wh.a") == .name(Array("a".utf8)))
        #expect(try whiteout(".wh..wh..opq") == .opaque)
        #expect(try whiteout(".wh..wh.aufs") == .bookkeeping)
        for name in [".wh.", ".wh..", ".wh..."] {
            #expect(throws: Problem.self) { try whiteout(name) }
        }
    }
}
