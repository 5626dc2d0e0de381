import Diagnostics
import Testing

@testable import Registry

@Suite struct TOMLReaderTests {
    private func parse(_ text: String) throws -> TOMLTable {
        try TOMLReader.parse(Array(text.utf8), named: "x.conf")
    }

    @Test func `values of all kinds are read`() throws {
        let table = try parse(
            """
            # a comment
            a = "x\\ty\\u00e9" # another
            'b c' = 'C:\\x'
            n = -1_000
            h = 0xff
            yes = true
            list = [ "a", # one
              "b", ]
            inline = { x.y = 1, z = [{q = "r"}] }
            long = \"""
            one
            two \\
               three\"""
            literal = '''it's'''
            d.e.f = false
            """)
        #expect(table["a"] == .string("x\ty\u{e9}"))
        #expect(table["b c"] == .string("C:\\x"))
        #expect(table["n"] == .integer(-1000))
        #expect(table["h"] == .integer(255))
        #expect(table["yes"] == .bool(true))
        #expect(table["list"] == .array([.string("a"), .string("b")]))
        #expect(table["long"] == .string("one\ntwo three"))
        #expect(table["literal"] == .string("it's"))
        guard case .table(let inline) = table["inline"], case .table(let x) = inline["x"] else {
            Issue.record("no table")
            return
        }
        #expect(x["y"] == .integer(1))
    }

    @Test func `tables and lists of tables belong to the last header`() throws {
        let table = try parse(
            "[[r]]\r\np = 1\r\n[[r.m]]\r\nl = 2\r\n[[r.m]]\r\nl = 3\r\n[[r]]\r\np = 4\r\n[a.b]\nc = 5\n[a]\nd = 6\n"
        )
        guard case .array(let registries) = table["r"], case .table(let first) = registries[0],
            case .array(let mirrors) = first["m"], case .table(let a) = table["a"],
            case .table(let b) = a["b"]
        else {
            Issue.record("no tables")
            return
        }
        #expect(registries.count == 2 && mirrors.count == 2)
        #expect(b["c"] == .integer(5) && a["d"] == .integer(6))
    }

    @Test(arguments: [
        ("a = 1\na = 2", 2), ("[a]\n[a]", 2), ("a = {b = 1}\n[a.c]\n", 2), ("a.b = 1\n[a]", 2),
        ("a = 1979-05-27", 1), ("a = 1.5", 1), ("a = 01", 1), ("a =", 1), ("= 1", 1),
        ("a = \"x", 1), ("a = \"\\q\"", 1), ("a = 1 b = 2", 1), ("[a", 1), ("a = [1", 1),
        ("a = [1]\n[[a]]", 2), ("a = {b = 1,}", 1), ("\n\na = \"\u{1}\"", 3), ("a = tru", 1),
        ("a = \"\\ud800\"", 1),
    ])
    func `a mistake is an error that names its line`(text: String, line: Int) {
        let problem = #expect(throws: Problem.self) { try parse(text) }
        #expect(problem?.why.hasPrefix("line \(line): ") == true, "\(problem?.why ?? "")")
        #expect(problem?.what == "cannot read x.conf")
    }

    @Test func `damaged files are errors and never traps`() throws {
        let text = Array("[[r]]\np = \"a\\u00e9\" # x\n[r.m]\nl = [1, {a = 'b'}, '''c''']\n".utf8)
        for index in text.indices {
            for byte in [UInt8(ascii: "\""), UInt8(ascii: "["), 0, UInt8(ascii: "\\"), 0xff] {
                var damaged = text
                damaged[index] = byte
                _ = try? TOMLReader.parse(damaged, named: "x")
                _ = try? TOMLReader.parse(Array(damaged[..<index]), named: "x")
            }
        }
    }
}
