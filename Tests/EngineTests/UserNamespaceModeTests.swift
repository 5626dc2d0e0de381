import Diagnostics
import Linux
import Testing

@testable import Engine

@Suite struct UserNamespaceModeTests {
    static let modes: [(String, UserNamespaceMode)] = [
        ("", .host), ("host", .host), ("private", .isolated), ("nomap", .noMap),
        ("auto", .auto(UserNamespaceMode.AutomaticIDs())),
        ("keep-id", .keepID(UserNamespaceMode.KeptIDs())),
        ("container:web", .container("web")),
        (
            "auto:size=10,uidmapping=3:0:2,gidmapping=0:77:1",
            .auto(
                UserNamespaceMode.AutomaticIDs(
                    size: 10, users: [IDMap.Range(inside: 3, outside: 0, count: 2)],
                    groups: [IDMap.Range(inside: 0, outside: 77, count: 1)]))
        ),
        (
            "keep-id:uid=200,gid=300,size=9",
            .keepID(UserNamespaceMode.KeptIDs(user: 200, group: 300, size: 9))
        ),
    ]

    @Test(arguments: modes)
    func `Podman's words are understood`(text: String, mode: UserNamespaceMode) throws {
        #expect(try UserNamespaceMode(parsing: text) == mode)
    }

    @Test(arguments: [
        "foo", "auto:foo=1", "auto:size=0", "auto:size=x", "auto:size", "auto:uidmapping=1:2",
        "auto:uidmapping=1:2:0", "auto:gidmapping=4294967295:0:2", "keep-id:uid=x",
        "keep-id:user=1", "container:", "container", "host:x", "nomap:x", "ns:/x", "private:1",
    ])
    func `anything else is refused`(text: String) {
        #expect(throws: Problem.self) { try UserNamespaceMode(parsing: text) }
    }

    @Test func `free IDs are those that no other map has, in one piece where there is one`() throws
    {
        let mine = SubordinateIDs(parsing: "a:1000:100\na:5000:1000\n", of: ["a"])
        func map(_ size: UInt32, _ others: String...) throws -> [String] {
            try mine.map(
                size: size, with: [], besides: [IDMap(words: others)], kind: "users"
            ).words
        }
        #expect(try map(50) == ["0:1000:50"])
        #expect(try map(50, "0:1000:60") == ["0:5000:50"])
        #expect(try map(50, "0:1010:5") == ["0:1015:50"])
        #expect(try map(1000) == ["0:5000:1000"])
        #expect(try map(1100) == ["0:1000:100", "100:5000:1000"])
        #expect(try map(1001, "7:5500:10") == ["0:1000:100", "100:5000:500", "600:5510:401"])
        #expect(throws: Problem.self) { try map(1101) }
        #expect(throws: Problem.self) { try map(1100, "0:1099:1") }
    }

    @Test func `ranges that have to be there keep their places`() throws {
        let mine = SubordinateIDs(parsing: "a:1000:100\n", of: ["a"])
        let map = try mine.map(
            size: 10, with: [.init(inside: 3, outside: 1000, count: 2)], besides: [], kind: "users")
        #expect(map.words == ["0:1002:3", "3:1000:2", "5:1005:5"])
        #expect(map.outside(4) == 1001)
        #expect(map.inside(1001) == 4)
        #expect(map.inside(999) == nil)
        #expect(map.count == 10)
    }
}
