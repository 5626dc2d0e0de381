import Diagnostics
import OCI
import Testing

@Suite struct JSONTests {
    @Test(arguments: [
        "null", "true", "false", "0", "-0", "1.50", "-12.5e+10", "1E5", "\"\"", "[]", "{}",
        "[1,[2,{\"a\":null}],\"x\"]", "{\"b\":1,\"a\":2,\"b\":3}",
        "123456789012345678901234567890.123456789",
    ])
    func `a compact text survives a round trip byte by byte`(text: String) throws {
        let value = try JSONValue(json: Array(text.utf8), named: "text")
        #expect(value.jsonString() == text)
    }

    @Test(arguments: [
        ("", "is cut off, needs a number (line 1, column 1)"),
        ("[1,", "[1] is cut off, needs a number (line 1, column 4)"),
        ("[1,]", "[1] is not JSON, needs a number (line 1, column 4)"),
        ("[1 2]", "[0] needs \",\" or \"]\" here (line 1, column 4)"),
        ("{\"a\":1,}", "needs a member's name here (line 1, column 8)"),
        ("{\"a\" 1}", "a needs \":\" after a name (line 1, column 6)"),
        ("{a:1}", "needs a member's name here (line 1, column 2)"),
        ("01", "has a leading zero (line 1, column 2)"),
        ("1.", "is cut off (line 1, column 3)"),
        ("1.x", "needs a digit after the point (line 1, column 3)"),
        ("1e+x", "needs a digit in the exponent (line 1, column 4)"),
        ("+1", "is not JSON, needs a number (line 1, column 1)"),
        ("NaN", "is not JSON, needs a number (line 1, column 1)"),
        ("nul", "is null, needs a value (line 1, column 1)"),
        ("true false", "has more after its end (line 1, column 6)"),
        ("\"a", "is cut off (line 1, column 3)"),
        ("\"a\nb\"", "has a control character that is not escaped (line 1, column 3)"),
        ("\"\\x\"", "has an unknown escape (line 1, column 3)"),
        ("\"\\u12g4\"", "needs four hexadecimal digits after \\u (line 1, column 6)"),
        ("\"\\ud800\"", "has half a surrogate pair (line 1, column 8)"),
        ("\"\\udc00\\ud800\"", "has half a surrogate pair (line 1, column 8)"),
        ("\u{FEFF}1", "is not JSON, needs a number (line 1, column 1)"),
        (
            "{\"a\":\n [true,\n  tru]}",
            "a[1] is true or false, needs true or false (line 3, column 3)"
        ),
    ])
    func `what is wrong is said with its place`(text: String, message: String) {
        let error = #expect(throws: Problem.self) {
            try JSONValue(json: Array(text.utf8), named: "text")
        }
        #expect(error?.why == message)
        #expect(error?.kind == .invalid)
    }

    @Test func `escapes and surrogate pairs become characters`() throws {
        let text = #""\"\\\/\b\f\n\r\t\u0041\u00e9\uD83D\uDE00é😀""#
        let value = try JSONValue(json: Array(text.utf8), named: "text")
        #expect(value.string == "\"\\/\u{8}\u{C}\n\r\tAé😀é😀")
        #expect(value.jsonString() == #""\"\\/\b\f\n\r\tAé😀é😀""#)
        #expect(JSONValue.string("\u{1}\u{1F}\u{7F}").jsonString() == "\"\\u0001\\u001f\u{7F}\"")
    }

    @Test(arguments: [
        [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xFF], [0xE2, 0x82], [0xF5, 0x80, 0x80],
    ])
    func `bytes that are not UTF-8 are refused`(bytes: [UInt8]) {
        for text in [[0x22] + bytes + [0x22], [0x7B, 0x22] + bytes + Array("\":1}".utf8)] {
            let error = #expect(throws: Problem.self) { try JSONValue(json: text, named: "text") }
            #expect(error?.why.contains("is not valid UTF-8") == true)
        }
    }

    @Test func `nesting has a limit`() throws {
        let allowed = JSONReader.maximumDepth
        let fits = String(repeating: "[", count: allowed) + String(repeating: "]", count: allowed)
        #expect(try JSONValue(json: Array(fits.utf8), named: "text").array?.count == 1)
        let deep = Array(repeating: UInt8(ascii: "["), count: 1_000_000)
        #expect(throws: Problem.self) { try JSONValue(json: deep, named: "text") }
    }

    @Test func `an indented text looks as Docker prints it`() {
        let value: JSONValue = [["Id": "a", "Ports": [:], "Env": [], "Cmd": ["sh", 1, nil, true]]]
        let expected = """
            [
                {
                    "Id": "a",
                    "Ports": {},
                    "Env": [],
                    "Cmd": [
                        "sh",
                        1,
                        null,
                        true
                    ]
                }
            ]
            """
        #expect(value.jsonString(.indented) == expected)
    }

    @Test func `numbers keep their text and give what fits`() throws {
        let value = try JSONValue(
            json: Array("[18446744073709551615, -1, 1.5, 300]".utf8), named: "n")
        let numbers = try #require(value.array).compactMap(\.number)
        #expect(numbers[0].integer(as: UInt64.self) == .max)
        #expect(numbers[0].integer(as: Int64.self) == nil)
        #expect(numbers[1].integer(as: Int.self) == -1)
        #expect(numbers[2].integer(as: Int.self) == nil)
        #expect(numbers[2].double == 1.5)
        #expect(numbers[3].integer(as: UInt8.self) == nil)
    }

    @Test func `an object keeps its order and its later members count`() throws {
        var object: JSONObject = ["b": 1, "a": 2]
        object["c"] = 3
        object["b"] = 4
        object["a"] = nil
        #expect(JSONValue.object(object).jsonString() == #"{"b":4,"c":3}"#)
        let twice = try JSONValue(json: Array(#"{"a":1,"a":2}"#.utf8), named: "text")
        #expect(twice["a"] == 2)
    }

    @Test func `a problem crosses a process border`() throws {
        let problem = Problem(kind: .conflict, what: "cannot \"x\"", why: "y\n", fix: "z")
        let back = try Problem(json: problem.json, from: "kade-server")
        #expect(back.kind == .conflict)
        #expect(back.what == problem.what)
        #expect(back.why == problem.why)
        #expect(back.fix == problem.fix)
        let error = #expect(throws: Problem.self) {
            try Problem(json: Array("{}".utf8), from: "kade-server")
        }
        #expect(error?.kind == .bug)
    }
}
