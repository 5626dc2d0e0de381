import Engine
import Testing

@testable import cli

/// A picture whose texts try to leave their places.
enum HostilePicture {
    static let name = "<b>&\"'\u{1B}[31m\u{202E}漢字 e\u{301} 👩‍👩‍👧\u{7}"

    static var picture: Picture {
        let other = Picture.Counterpart("Docker", "dockerd & co")
        let first = Picture.Node(
            "first", .program, name,
            facts: [
                .init(name, "/a/" + String(repeating: "long/", count: 40) + "漢字"),
                .init("size", bytes: 7_800_000),
                .init(
                    "digest", "sha256:" + String(repeating: "0123456789abcdef", count: 4)),
            ], counterparts: [other])
        let second = Picture.Node(
            "second", .kernel, "<script>alert(1)</script>", facts: [.init("fact", "")],
            isThere: false)
        let third = Picture.Node("third", .layer, "", facts: [])
        return Picture(
            of: .container, "Picture \(name)", summary: "All of \(name).",
            at: Timestamp(nanosecondsSinceEpoch: 0),
            groups: [
                Picture.Group("Up", [first]), Picture.Group("Down", [second, third]),
            ],
            edges: [
                Picture.Edge("first", "second", "leads <&> \(name)"),
                Picture.Edge("first", "third", ""),
            ])
    }
}

@Suite struct MapTextTests {
    private func text(columns: Int, isASCII: Bool = false, isWhole: Bool = false) -> String {
        TextMap(
            picture: HostilePicture.picture, columns: columns, isASCII: isASCII, isWhole: isWhole
        ).text
    }

    @Test(arguments: [24, 25, 40, 61, 80, 99, 100, 120, 160, 300])
    func `no line is wider than the terminal`(columns: Int) {
        for line in text(columns: columns).split(separator: "\n") {
            #expect(DisplayWidth.of(String(line)) <= columns, "\(line)")
        }
    }

    @Test(arguments: [24, 40, 80, 100, 160, 300])
    func `the borders of boxes are straight`(columns: Int) {
        // Every row of a box ends in the column in which its upper border does.
        var corners: Set<Int> = []
        for line in text(columns: columns).split(separator: "\n") {
            var column = 0
            for character in line {
                if character == "┐" { corners.insert(column) }
                if character == "┘" { #expect(corners.contains(column), "\(line)") }
                column += DisplayWidth.of(character)
            }
        }
        #expect(!corners.isEmpty)
    }

    @Test func `nothing moves the cursor or turns the writing round`() {
        let text = text(columns: 200)
        for scalar in text.unicodeScalars where scalar != "\n" && scalar.value != 0x200D {
            let category = scalar.properties.generalCategory
            #expect(category != .control && category != .format, "\(scalar.value)")
        }
        #expect(text.contains("␛[31m⟨U+202E⟩漢字"))
    }

    @Test(arguments: [30, 300]) func `a terminal without UTF-8 gets ASCII`(columns: Int) {
        let text = text(columns: columns, isASCII: true)
        #expect(text.unicodeScalars.allSatisfy { $0.isASCII && ($0 == "\n" || $0.value >= 0x20) })
        #expect(text.contains("+"))
        #expect(text.contains("7.8MB"))
    }

    @Test func `where there is room lines are drawn, and else told`() {
        #expect(text(columns: 300).contains("▼"))
        #expect(!text(columns: 300).contains("→"))
        #expect(!text(columns: 60).contains("▼"))
        #expect(text(columns: 60).contains("→"))
    }

    @Test func `digests are short unless they are wanted whole`() {
        let digits = "0123456789abcdef"
        #expect(text(columns: 300).contains("sha256:0123456789ab…"))
        #expect(!text(columns: 300).contains(digits))
        #expect(text(columns: 300, isWhole: true).contains(digits))
    }

    @Test(arguments: [
        ("plain", 5), ("漢字", 4), ("e\u{301}", 1), ("👩‍👩‍👧", 2), ("☎\u{FE0F}", 2), ("", 0), ("한", 2),
        ("…", 1),
    ])
    func `columns are counted as terminals do`(text: String, width: Int) {
        #expect(DisplayWidth.of(text) == width)
    }

    @Test func `lines are broken where a reader expects it`() {
        #expect(LineBreaking.lines(of: "one two three", width: 8) == ["one two", "three"])
        #expect(
            LineBreaking.lines(of: "/usr/local/bin/kade", width: 12) == ["/usr/local/", "bin/kade"])
        #expect(
            LineBreaking.lines(of: "memory.limit_in_bytes", width: 16)
                == ["memory.limit_in_", "bytes"])
        #expect(LineBreaking.lines(of: "abcdefgh", width: 3) == ["abc", "def", "gh"])
        #expect(LineBreaking.lines(of: "漢字漢字", width: 5) == ["漢字", "漢字"])
        #expect(LineBreaking.lines(of: "漢", width: 1) == ["漢"])
        #expect(LineBreaking.lines(of: "", width: 5) == [""])
    }
}
