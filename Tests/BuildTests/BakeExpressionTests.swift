import Diagnostics
import OCI
import Testing

@testable import Build

/// The expressions of bake files.
@Suite struct BakeExpressionTests {
    /// The values of expressions, as one attribute's.
    private func value(
        _ expression: String, environment: [String: String] = [:]
    ) throws -> JSONValue? {
        let text = """
            variable "N" { default = 3 }
            variable "T" { default = "text" }
            variable "L" { default = ["a", "b"] }
            variable "O" { default = { x = 1, "y-z" : "two" } }
            function "twice" {
              params = [text]
              result = "${text}${text}"
            }
            function "all" {
              params = []
              variadic_params = rest
              result = join("+", rest)
            }
            target "default" { description = \(expression) }
            """
        return try BakePlan.of(text, environment: environment)
            .targets.first?.attributes["description"]
    }

    @Test(
        arguments: [
            (#""${T}-${N + 1}""#, "text-4"), (#""$${T}""#, "${T}"), (#""a\n\"\u00e9""#, "a\n\"é"),
            ("T == \"text\" ? \"yes\" : \"no\"", "yes"), ("N > 3 || N < 1 ? 1 : 2", 2),
            ("!(N == 3) && true", false), ("-N * 2 + 10 / 5", -4), ("7 % 4", 3), ("L[1]", "b"),
            ("O.x", 1), (#"O["y-z"]"#, "two"), ("[for l in L : upper(l)]", ["A", "B"]),
            (#"{for i, l in L : l => i if l != "a"}"#, ["b": 1]),
            (#"[for k, v in O : "${k}=${v}"]"#, ["x=1", "y-z=two"]), ("twice(T)", "texttext"),
            (#"all("a", L...)"#, "a+a+b"), ("concat(L, [\n\"c\",\n])", ["a", "b", "c"]),
            (#"replace(T, "t", "")"#, "ex"), (#"split(",", "a,,b")"#, ["a", "", "b"]),
            (#"join("-", L)"#, "a-b"), (#"sanitize("a.b/c")"#, "a_b_c"), ("length(L)", 2),
            (#"coalesce("", T)"#, "text"), (#"try(O.none, "else")"#, "else"),
            ("can(O.none)", false),
            (#"contains(L, "b")"#, true), (#"merge(O, {x = 2}).x"#, 2),
            ("distinct([1, 1, 2])", [1, 2]),
            ("flatten([[1], [[2]]])", [1, 2]), ("sort([\"b\", \"a\"])", ["a", "b"]),
            ("range(3)", [0, 1, 2]), ("range(-2, 1)", [-2, -1, 0]), ("range(2, -2)", []),
            ("max(1, N, 2)", 3), (#"substr("abcdef", 1, 2)"#, "bc"),
            ("null", nil), ("1 /* one */", 1),
            ("<<-END\n    one ${N}\n      two\n    END\n", "one 3\n  two\n"),
        ] as [(String, JSONValue)])
    func `expressions have values`(expression: String, expected: JSONValue) throws {
        let found = try value(expression)
        if let number = expected.number {
            #expect(found?.number?.double == number.double, "\(expression)")
        } else {
            #expect(found?.jsonString() == expected.jsonString(), "\(expression)")
        }
    }

    @Test(arguments: [
        ("NONE", "there is no variable NONE"), ("none(1)", "no such function"),
        ("O.none", "no member none"), ("L[2]", "no element 2"), ("1 / 0", "divided by 0"),
        ("\"x${L}\"", "a list cannot be part"), ("upper(1, 2)", "takes 1 arguments"),
        ("twice()", "takes 1 arguments"), ("\"open", "no end"), ("[1 2]", "']' should be here"),
        ("1 ? 2", "':' should follow"), ("\"\\q\"", "no escape"), ("T + 1", "a text is no number"),
        ("\"%{ if true }\"", "no directives"), ("range(100000)", "too long"),
        // The least number that there is, and others that no list or text has so many of.
        ("range(-9223372036854775808)", "too large"), ("range(0, 9223372036854775807)", "whole"),
        ("range(-9223372036854775808, 2147483647)", "too large"),
        ("range(-2147483647, 2147483647)", "too long"),
        ("substr(T, -9223372036854775808, 1)", "too large"),
        ("substr(T, 0, -9223372036854775808)", "too large"), ("range(1e300)", "whole"),
        ("1e308 * 10", "too large"), ("-1e308 - 1e308", "too large"), ("5 % 0", "divided by 0"),
        ("L[-9223372036854775808]", "no element"), ("L[1e300]", "no elements"),
    ])
    func `a mistake is an error in words`(expression: String, why: String) {
        let problem = #expect(throws: Problem.self) { try value(expression) }
        #expect(problem?.why.contains(why) == true, "\(problem?.why ?? "")")
    }

    @Test func `the environment sets variables by their kinds`() throws {
        #expect(try value("N + 1", environment: ["N": "4"])?.number?.double == 5)
        #expect(try value("T", environment: ["T": "other"]) == "other")
        #expect(throws: Problem.self) { try value("N", environment: ["N": "four"]) }
        #expect(throws: Problem.self) { try value("L", environment: ["L": "a"]) }
        let checked = """
            variable "V" {
              default = "1.0"
              validation {
                condition = V != ""
                error_message = "V is missing"
              }
            }
            variable "W" { default = "${V}-w" }
            target "default" { tags = ["a:${W}"] }
            """
        #expect(try BakePlan.of(checked).targets[0].attributes["tags"] == ["a:1.0-w"])
        let problem = #expect(throws: Problem.self) {
            try BakePlan.of(checked, environment: ["V": ""])
        }
        #expect(problem?.why == "V is missing")
        let circle = """
            variable "A" { default = B }
            variable "B" { default = A }
            target "default" { context = A }
            """
        #expect(throws: Problem.self) { try BakePlan.of(circle) }
    }

    /// Each is short, and takes twice as long with each of its forty or so levels.
    @Test(arguments: [
        """
        function "f" {
          params = [n]
          result = n < 1 ? 1 : f(n - 1) + f(n - 1)
        }
        target "default" { description = f(40) }
        """,
        """
        function "f" {
          params = [n]
          result = n < 1 ? none : can(f(n - 1)) || can(f(n - 1)) ? 1 : none
        }
        target "default" { description = can(f(40)) }
        """,
        """
        function "f" {
          params = [n, l]
          result = n < 1 ? l : f(n - 1, concat(l, l))
        }
        target "default" { description = length(f(40, ["a"])) }
        """,
        """
        function "f" {
          params = [n, l]
          result = n < 1 ? l : f(n - 1, [l, l])
        }
        target "default" { description = jsonencode(f(40, ["a"])) }
        """,
        """
        function "f" {
          params = [n, t]
          result = n < 1 ? t : f(n - 1, "${t}${t}")
        }
        target "default" { description = strlen(f(40, "a")) }
        """,
        """
        target "default" { description = length([for a in range(9999) : [for b in range(9999) : b]]) }
        """,
    ])
    func `a short file does not keep a machine busy for years`(text: String) throws {
        let problem = #expect(throws: Problem.self) { try BakePlan.of(text) }
        #expect(problem?.kind == .exhausted)
        #expect(problem?.why.contains("2000000 steps") == true, "\(problem?.why ?? "")")
    }

    @Test func `a text that would take all memory is refused`() throws {
        let many = "join(\"\", [for n in range(9999) : \"${T}${T}${T}\"])"
        #expect(try value("strlen(\(many))")?.number?.double == 9999 * 12)
        let problem = #expect(throws: Problem.self) {
            try value("replace(\(many), \"t\", \(many))")
        }
        #expect(problem?.why.contains("too long") == true, "\(problem?.why ?? "")")
    }

    @Test func `a matrix of a thousand targets is not too much`() throws {
        let plan = try BakePlan.of(
            """
            target "default" {
              name = "t-${a}"
              matrix = { a = range(1000) }
              args = { A = upper("x${a}"), L = join(",", [for n in range(20) : "${n}-${a}"]) }
              tags = ["image:${a}", "image:latest"]
            }
            """)
        #expect(plan.targets.count == 1000)
    }
}
