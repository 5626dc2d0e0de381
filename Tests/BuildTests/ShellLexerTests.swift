import Testing

@testable import Build

/// Variables, quotes and escapes.
@Suite struct ShellLexerTests {
    private static let values = [
        "foo": "bar", "empty": "", "path": "/usr/local/lib/libfoo.so.1", "words": "a b",
    ]
    private let lexer = ShellLexer(escape: UInt8(ascii: "\\")) { values[$0] }

    @Test(arguments: [
        ("$foo", "bar"), ("${foo}x", "barx"), ("$foox", ""), ("\\$foo", "$foo"),
        ("'$foo'", "$foo"), ("\"$foo\"", "bar"), ("\"a\\\"b\"", "a\"b"), ("\"a\\b\"", "a\\b"),
        ("a\\ b", "a b"), ("$", "$"), ("$$", ""),
        ("${none:-x}", "x"), ("${empty:-x}", "x"), ("${empty-x}", ""), ("${none-x}", "x"),
        ("${foo:+x}", "x"), ("${empty:+x}", ""), ("${empty+x}", "x"), ("${none+x}", ""),
        ("${none:-${foo}}", "bar"), ("${none:-a b}", "a b"), ("${foo:?no}", "bar"),
        ("${path#*/}", "usr/local/lib/libfoo.so.1"), ("${path##*/}", "libfoo.so.1"),
        ("${path%.*}", "/usr/local/lib/libfoo.so"), ("${path%%.*}", "/usr/local/lib/libfoo"),
        ("${path/lib/LIB}", "/usr/local/LIB/libfoo.so.1"),
        ("${path//lib/L}", "/usr/local/L/Lfoo.so.1"), ("${foo/b?r/x}", "x"), ("${foo#x}", "bar"),
        ("${path//\\//_}", "_usr_local_lib_libfoo.so.1"),
    ])
    func `a word is expanded`(text: String, expected: String) throws {
        #expect(try lexer.word(text) == expected)
    }

    @Test(arguments: [
        "${foo", "${}", "${:x}", "${foo:x}", "${foo!x}", "'foo", "\"foo", "${none:?}", "${none?x}",
        "${empty:?}",
    ])
    func `a mistake is told`(text: String) {
        #expect(throws: ShellMistake.self) { try lexer.word(text) }
    }

    @Test(arguments: [
        ("a b  c", ["a", "b", "c"]), ("\"a b\" c", ["a b", "c"]), ("$words", ["a", "b"]),
        ("\"$words\"", ["a b"]), ("a\\ b", ["a b"]), ("x$words", ["xa", "b"]), ("$none", []),
    ])
    func `words are split at blanks outside of quotes`(text: String, expected: [String]) throws {
        #expect(try lexer.words(Array(text.utf8)) == expected)
    }
}
