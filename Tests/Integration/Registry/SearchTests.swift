import Foundation
import Testing

/// `kade search` in an index, and in a list of all repositories.
@Suite struct SearchTests {
    let kade: Kade

    init() throws { kade = try Kade() }

    @Test func `an index is searched, filtered and shown`() throws {
        let server = try ReceivingRegistry(.elsewhere)
        let text = try kade.check("image", "search", "\(server.authority)/thing")
        let lines = text.split(separator: "\n")
        #expect(lines.count == 3)
        #expect(lines[0].hasPrefix("NAME"))
        #expect(lines[1].contains("\(server.authority)/one/thing"))
        #expect(lines[1].contains("First of all") && lines[1].contains("[OK]"))
        #expect(lines[2].contains(String(repeating: "x", count: 44) + "…"))
        let path = try #require(try server.requests("GET", "/v1/search").first?.path)
        #expect(path == "/v1/search?q=thing&n=25")
        let format = "{{.Name}} {{.StarCount}}"
        #expect(
            try kade.check(
                "search", "--filter", "stars=2", "--format", format, "\(server.authority)/thing")
                == "\(server.authority)/one/thing 7")
        #expect(
            try kade.check(
                "search", "-f", "is-official=false", "--format", format,
                "\(server.authority)/thing") == "\(server.authority)/two 1")
        #expect(try kade("search", "-f", "color=red", "\(server.authority)/x").exitCode == 1)
        #expect(try kade("search", "--limit", "101", "x").exitCode == 125)
    }

    @Test func `where there is no index, all repositories are looked through`() throws {
        let server = try ReceivingRegistry(.none)
        let folder = try TemporaryFolder()
        let images = try TestImages()
        try TestImages.tree(in: folder, named: "tree", sizeInBytes: 1000)
        try images.add(.init(trees: [folder.at("tree")]), as: "\(server.authority)/a/apple:1")
        try kade.check("load", "-q", "-i", images.path)
        for name in ["a/apple", "b/pear", "c/pineapple"] {
            try kade.check("tag", "\(server.authority)/a/apple:1", "\(server.authority)/\(name):1")
            try kade.check("push", "-q", "\(server.authority)/\(name):1")
        }
        #expect(
            try kade.check("search", "--format", "{{.Name}}", "\(server.authority)/apple")
                == "\(server.authority)/a/apple\n\(server.authority)/c/pineapple")
        #expect(
            try kade.check(
                "search", "--limit", "1", "--format", "{{.Name}}", "\(server.authority)/apple")
                == "\(server.authority)/a/apple")
    }
}
