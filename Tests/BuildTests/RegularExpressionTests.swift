import Diagnostics
import Fuzz
import Testing

@testable import Build

/// Regular expressions as the documentation of RE2 and of Go's package `regexp` has them.
@Suite struct RegularExpressionTests {
    private struct Row {
        var expression: String
        var text: String
        var template: String
        var expected: String
    }

    private static let rows = [
        Row(expression: "b+", text: "abbbcb", template: "[$0]", expected: "a[bbb]c[b]"),
        Row(expression: "b+?", text: "abbb", template: "<$0>", expected: "a<b><b><b>"),
        Row(expression: "(?U)b+", text: "abb", template: "<$0>", expected: "a<b><b>"),
        Row(expression: "a|ab", text: "ab", template: "x", expected: "xb"),
        Row(expression: "(a)|(b)", text: "ab", template: "[$1,$2]", expected: "[a,][,b]"),
        Row(expression: "^a$", text: "a\na", template: "x", expected: "a\na"),
        Row(expression: "(?m)^a$", text: "a\na", template: "x", expected: "x\nx"),
        Row(expression: ".", text: "a\n", template: "x", expected: "x\n"),
        Row(expression: "(?s).", text: "a\n", template: "x", expected: "xx"),
        Row(expression: "a*", text: "baac", template: "x", expected: "xbxcx"),
        Row(expression: "", text: "ab", template: "-", expected: "-a-b-"),
        Row(expression: "[^a-c\\d]", text: "ab1xz-", template: "_", expected: "ab1___"),
        Row(expression: "[]a]", text: "]ab", template: "x", expected: "xxb"),
        Row(expression: "[a-]", text: "-b", template: "x", expected: "xb"),
        Row(expression: "[[:upper:][:digit:]]+", text: "aB3c", template: "x", expected: "axc"),
        Row(expression: "[[:^alpha:]]", text: "a1", template: "x", expected: "ax"),
        Row(expression: "(?i)ÄB", text: "äb", template: "x", expected: "x"),
        Row(expression: "(?i:a)b", text: "AbAB", template: "x", expected: "xAB"),
        Row(expression: "a(?i)b|c", text: "aBC", template: "x", expected: "xx"),
        Row(expression: "\\bfoo\\B", text: "foo food", template: "x", expected: "foo xd"),
        Row(expression: "\\x41\\x{42}\\.", text: "AB.", template: "x", expected: "x"),
        Row(expression: "a{2,3}", text: "aaaaa", template: "x", expected: "xx"),
        Row(expression: "a{2}", text: "aaa", template: "x", expected: "xa"),
        Row(expression: "a{,2}", text: "a{,2}", template: "x", expected: "x"),
        Row(expression: "(?P<n>a)(?<m>b)", text: "ab", template: "${m}$n.$nx", expected: "ba."),
        Row(expression: "(a)", text: "a", template: "$1x ${1}x $ ${ $9", expected: " ax $ ${ "),
        Row(expression: "\\Aa\\z", text: "a", template: "x", expected: "x"),
        Row(expression: "(a*)*b", text: "aab", template: "x", expected: "x"),
    ]

    @Test(arguments: RegularExpressionTests.rows.indices)
    func `matches are found and replaced`(index: Int) throws {
        let row = Self.rows[index]
        let expression = try RegularExpression(row.expression)
        #expect(
            expression.replaceAll(in: row.text, with: row.template) == row.expected,
            "\(row.expression)")
        #expect(expression.matches(row.text) == (row.text != row.expected))
    }

    @Test(arguments: [
        "(", ")", "[", "[b-a]", "*", "a**", "a{2}{3}", "a{1001}", "a{3,2}", "(?=a)", "(?P<>a)",
        "(?P<n>a)(?P<n>b)", "(?P=n)", "\\", "\\p{L}", "\\1", "\\x{zz}", "[[:none:]]",
        "((a{1000}){1000}){1000}", String(repeating: "(", count: 300),
    ])
    func `what is no expression is refused`(text: String) {
        #expect(throws: RegularExpression.Mistake.self) { try RegularExpression(text) }
    }

    @Test func `no text takes longer than its length`() throws {
        let expression = try RegularExpression(
            "^(a+)+$|(?:(?:(?:){1000}){1000}){1000}(a?){30}a{30}b")
        #expect(!expression.matches(String(repeating: "a", count: 2000) + "c"))
    }

    @Test(arguments: 0..<(2 * fuzzFactor))
    func `damaged expressions are read or refused`(seed: UInt64) {
        let text = "^(?i)a[b-d[:alpha:]]*?(?P<n>x{2,3}|\\x{41}\\b)$"
        var random = SeededGenerator(seed: seed)
        for _ in 0..<200 {
            let bytes = mutated(Array(text.utf8), using: &random)
            let damaged = String(decoding: bytes, as: UTF8.self)
            guard let expression = try? RegularExpression(damaged) else { continue }
            _ = expression.replaceAll(in: "abcdxxA docker-image://x", with: "$1${n}$$")
        }
    }
}
