import Testing

@testable import Build

/// `.dockerignore` by Docker's rules.
@Suite struct IgnoreRulesTests {
    @Test(arguments: [
        ("*.log", "a.log", true), ("*.log", "b/a.log", false), ("**/*.log", "b/c/a.log", true),
        ("**/*.log", "a.log", true), ("/a", "a", true), ("a/", "a/b", true), ("a", "a/b/c", true),
        ("a", "ab", false), ("a/*", "a", false), ("a/*", "a/b/c", true), ("**", "x/y", true),
        ("a/**", "a/b/c", true), ("a/**/z", "a/z", true), ("a/**/z", "a/b/c/z", true),
        ("?x", "ax", true), ("?x", "x", false), ("[a-c]x", "bx", true), ("[^a]x", "ax", false),
        ("# c", "# c", false), ("\\#c", "#c", true), ("a/../b", "b", true), ("*", "a/b", true),
        ("*\n!a", "a/b", false), ("*\n!a\na/b", "a/b", true), ("*\n!**/keep", "x/keep", false),
        ("!a\n*", "a", true), ("  x  ", "x", true), ("./x", "x", true), (".", "x", false),
    ])
    func `the last line that matches decides`(
        lines: String, path: String, isExcluded: Bool
    ) throws {
        let rules = try IgnoreRules(parsing: lines, file: ".dockerignore")
        #expect(rules.excludes(path) == isExcluded)
    }

    @Test func `a broken pattern is a mistake that names its line`() {
        #expect {
            try IgnoreRules(parsing: "ok\n[a", file: ".dockerignore")
        } throws: { error in "\(error)".contains("line 2 of .dockerignore") }
    }
}
