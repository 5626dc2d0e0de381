import Testing

@testable import Build

/// Patterns with stars: of `bake --set`, and of source policies.
@Suite struct StarPatternTests {
    @Test(
        arguments: [
            ("", "", []), ("a", "a", []), ("a", "ab", nil), ("a", "", nil), ("*", "", [""]),
            ("*", "abc", ["abc"]), ("a*", "abc", ["bc"]), ("*c", "abc", ["ab"]),
            ("a*c", "abc", ["b"]), ("a*c", "ac", [""]), ("ab*bc", "abc", nil),
            // The first star takes as much as it can.
            ("*/*:*", "a/b/c:1:2", ["a/b", "c:1", "2"]), ("**", "ab", ["ab", ""]),
            ("*a*", "banana", ["banan", ""]), ("*:*", "ab", nil), ("é*", "école", ["cole"]),
        ] as [(String, String, [String]?)])
    func `stars stand for any letters`(pattern: String, text: String, captures: [String]?) {
        #expect(StarPattern(pattern).captures(of: text) == captures)
        #expect(StarPattern(pattern).matches(text) == (captures != nil))
    }

    @Test func `many stars take no more time than one`() {
        let pattern = StarPattern(String(repeating: "*a", count: 200) + "b")
        #expect(!pattern.matches(String(repeating: "a", count: 10_000)))
    }
}
