import Engine
import OCI
import Testing

@testable import cli

@Suite struct MapDrawingTests {
    private let svg = SVGMap(HostilePicture.picture, isWhole: false).file
    private let html = HTMLMap(HostilePicture.picture, isWhole: false).text

    @Test func `texts of others are texts in drawings`() {
        for drawing in [svg, html] {
            #expect(!drawing.contains("<script"))
            #expect(!drawing.contains("<b>"))
            #expect(!drawing.contains("\u{1B}") && !drawing.contains("\u{202E}"))
            #expect(drawing.contains("&lt;b&gt;&amp;&quot;&#39;␛[31m⟨U+202E⟩漢字"))
            #expect(drawing.contains("leads &lt;&amp;&gt;"))
        }
    }

    @Test func `drawings need nothing but themselves`() {
        for drawing in [svg, html] {
            #expect(!drawing.contains("src=") && !drawing.contains("url("))
            #expect(!drawing.contains("@import") && !drawing.contains("<link"))
            let addresses = drawing.split(separator: "\"").filter { $0.hasPrefix("http") }
            #expect(
                addresses.allSatisfy {
                    ["http://www.w3.org/2000/svg", "http://www.w3.org/1999/xhtml"].contains($0)
                })
        }
    }

    @Test func `a drawing says what it is, and follows the reader's choice of colours`() {
        for drawing in [svg, html] {
            #expect(drawing.contains("<title id=\"map-title\">"))
            #expect(drawing.contains("<desc id=\"map-description\">"))
            #expect(drawing.contains("@media (prefers-color-scheme: dark)"))
        }
        #expect(html.contains("href=\"#second\"") && html.contains("id=\"second\""))
    }

    @Test func `what is shortened is whole where one points at it`() {
        #expect(svg.contains("sha256:0123456789ab…</text>"))
        let digits = String(repeating: "0123456789abcdef", count: 4)
        #expect(svg.contains("digest: sha256:\(digits)"))
    }

    @Test func `what XML has no character for is replaced`() {
        #expect(XMLText.escaped("a\u{FFFE}b\u{0}c\u{FFFF}").allSatisfy { $0 != "\u{0}" })
        let scalars = XMLText.escaped("a\u{FFFE}b\u{0}c\u{FFFF}").unicodeScalars
        #expect(!scalars.contains { $0.value == 0xFFFE || $0.value == 0xFFFF || $0.value < 0x20 })
    }

    @Test func `JSON has the texts as they are, and sizes as numbers`() throws {
        let json = MapJSON.value(of: HostilePicture.picture)
        let parsed = try JSONValue.parse(Array(json.jsonString().utf8), named: "map")
        #expect(parsed["version"]?.int == 1)
        let node = try #require(parsed["groups"]?.array?.first?["nodes"]?.array?.first)
        #expect(node["title"]?.string == HostilePicture.name)
        #expect(node["facts"]?.array?[1]["bytes"]?.int == 7_800_000)
        #expect(node["counterparts"]?.array?[0]["name"]?.string == "dockerd & co")
        #expect(parsed["edges"]?.array?.count == 2)
    }

    @Test(arguments: [("map.svg", MapFile.Kind.svg), ("/a.b/Map.HTML", .html)])
    func `the file's name says what it is`(path: String, kind: MapFile.Kind) throws {
        #expect(try MapFile.parse(path) == MapFile(path: path, kind: kind))
    }

    @Test(arguments: ["map.png", "map", "svg", "-", "map.svg/", "", "map.htm"])
    func `other files are refused`(path: String) {
        #expect(throws: InvalidValue.self) { try MapFile.parse(path) }
    }

    @Test(arguments: [
        (["LC_ALL": "C", "LANG": "en_US.UTF-8"], true), (["LANG": "nl_NL.UTF-8"], false),
        (["LC_CTYPE": "C.utf8", "LANG": "C"], false), ([:], true), (["LC_ALL": ""], true),
    ])
    func `the locale says whether there is UTF-8`(environment: [String: String], isASCII: Bool) {
        #expect(MapScreen(OutputStream.none, environment).isASCII == isASCII)
    }

    @Test(arguments: [("120", 120), ("3", 24), ("x", 80)])
    func `COLUMNS counts where there is no terminal`(value: String, columns: Int) {
        #expect(MapScreen(OutputStream.none, ["COLUMNS": value]).columns == columns)
    }
}
