import Diagnostics
import Fuzz
import OCI
import Testing

@testable import Build

/// Bake files: what their targets come to.
@Suite struct BakeTests {
    private func plan(
        _ text: String, _ names: String..., set: [String] = [],
        environment: [String: String] = [:]
    ) throws -> BakePlan {
        try BakePlan(
            BakeFile([.init(name: "bake.hcl", text: Array(text.utf8))], environment: [:]),
            names: names,
            overrides: set.compactMap { BakeOverride($0) }, environment: environment)
    }

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
        return try plan(text, environment: environment).targets.first?.attributes["description"]
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
        #expect(try plan(checked).targets[0].attributes["tags"] == ["a:1.0-w"])
        let problem = #expect(throws: Problem.self) { try plan(checked, environment: ["V": ""]) }
        #expect(problem?.why == "V is missing")
        let circle = """
            variable "A" { default = B }
            variable "B" { default = A }
            target "default" { context = A }
            """
        #expect(throws: Problem.self) { try plan(circle) }
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
        let problem = #expect(throws: Problem.self) { try plan(text) }
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
        let plan = try plan(
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

    @Test func `services of a compose file that have a build are targets`() throws {
        let text = """
            x-common: &common
              args: { A: "${A:-usual}", B: "$$x" }
            services:
              web.ui:
                image: web:${TAG?set it}
                build:
                  <<: *common
                  context: ./web
                  dockerfile_inline: |
                    FROM base
                    RUN echo ${TAG}
                  additional_contexts: [ "base=service:base", other=./o ]
                  secrets: [token, {source: file, target: f}]
                  ulimits: {nofile: {soft: 1, hard: 2}, nproc: 3}
                  extra_hosts: ["a=1.2.3.4"]
                  labels: ["x.y=z", w]
                  ssh: [default]
                  shm_size: 64m
                  no_cache: true
                  provenance: mode=max
                  x-bake: { output: ["type=docker"], no-cache-filter: [s] }
                platform: linux/arm64
              base: { build: ./base, image: "b:1" }
              more:
                extends: { service: base }
                build: { target: t, tags: ["m:1"] }
              database: { image: postgres }
            secrets:
              token: { environment: TOKEN }
              file: { file: ./f }
            """
        let file = try BakeFile(
            [.init(name: "compose.yaml", text: Array(text.utf8))], environment: ["TAG": "7"])
        let plan = try BakePlan(file, names: [], overrides: [], environment: [:])
        #expect(plan.targets.map(\.name) == ["base", "web_ui", "more"])
        #expect(
            try plan.targets[1].arguments(inlineFile: "F", contexts: ["base": "docker-image://i"])
                == [
                    "--build-arg=A=usual", "--build-arg=B=$x", "--attest=type=provenance,mode=max",
                    "--build-context=base=docker-image://i", "--build-context=other=./o",
                    "--add-host=a=1.2.3.4", "--label=x.y=z", "--label=w", "--no-cache=true",
                    "--no-cache-filter=s", "--output=type=docker", "--platform=linux/arm64",
                    "--secret=id=token,env=TOKEN", "--secret=id=f,src=./f", "--shm-size=64m",
                    "--ssh=default", "--tag=web:7", "--ulimit=nofile=1:2", "--ulimit=nproc=3:3",
                    "--file=F", "--", "./web",
                ])
        #expect(plan.targets[1].inlineDockerfile == "FROM base\nRUN echo 7\n")
        #expect(
            try plan.targets[2].arguments(inlineFile: nil, contexts: [:])
                == ["--tag=m:1", "--target=t", "--", "./base"])
    }

    @Test(arguments: [
        ("services: {a: {build: {isolation: x}}}", "no build.isolation"),
        ("services: {a: {build: {privileged: true}}}", "no build.privileged"),
        ("services: {a: {extends: {service: a}, build: .}}", "extends itself"),
        ("services: {a: {extends: {service: b, file: c}}}", "into other files"),
        ("services: {a: {extends: b}}", "no service b"),
        ("services: {a: {build: {secrets: [s]}}}", "does not define"),
        ("services: {a: {build: [x]}}", "neither a directory"),
        ("include: [b.yaml]", "does not follow include"),
        ("services: {a: {build: '${X:?is missing}'}}", "X is not set: is missing"),
        ("services: {a: {build: '${X'}}", "has no end"),
        ("services: {a: {build: '${X!}'}}", "not known"),
    ])
    func `what Kade does not know of a compose file is refused`(text: String, why: String) {
        let problem = #expect(throws: Problem.self) {
            try BakeFile(
                [.init(name: "compose.yml", text: Array(text.utf8))], environment: [:])
        }
        #expect(problem?.why.contains(why) == true, "\(problem?.why ?? "")")
    }

    @Test(arguments: [
        ("${A}$B-${C:-d}", "1-d"), ("${E-x}${E:-x}", "x"), ("${A:+y}${E:+y}${E+z}", "yz"),
        ("${N:-${M:-n}}", "n"), ("$$A $ $1 a$", "$A $ $1 a$"),
    ])
    func `variables of compose files have values`(text: String, expected: String) throws {
        let filled = try ComposeText(
            named: "x", environment: ["A": "1", "E": ""]
        ).filled(.string(text))
        #expect(filled == .string(expected))
    }

    private static let family = """
        group "default" { targets = ["app", "tools"] }
        group "tools" { targets = ["lint"] }
        target "_common" {
          args = { A = "1", B = "2" }
          platforms = ["linux/amd64"]
          labels = { team = "x" }
        }
        target "app" {
          inherits = ["_common"]
          dockerfile = "app.Dockerfile"
          context = "src"
          args = { B = "3", C = null }
          tags = ["app:1", "app:latest"]
          contexts = { base = "target:base", files = "./files" }
          secret = ["id=s,src=f", { type = "env", id = "t", env = "T" }]
        }
        target "base" { tags = ["base:1"] }
        target "lint" {
          dockerfile-inline = "FROM scratch\\n"
          output = ["type=local,dest=out"]
          no-cache = true
        }
        """

    @Test func `targets take over from others, and wait for those they build upon`() throws {
        let plan = try plan(Self.family)
        #expect(plan.targets.map(\.name) == ["base", "app", "lint"])
        #expect(plan.groups == ["default": ["app", "tools"], "tools": ["lint"]])
        #expect(
            try plan.targets[1].arguments(
                inlineFile: nil, contexts: ["base": "docker-image://sha256:1"]) == [
                    "--build-arg=A=1", "--build-arg=B=3", "--build-arg=C",
                    "--build-context=base=docker-image://sha256:1", "--build-context=files=./files",
                    "--label=team=x", "--platform=linux/amd64", "--secret=id=s,src=f",
                    "--secret=type=env,id=t,env=T", "--tag=app:1", "--tag=app:latest",
                    "--file=src/app.Dockerfile", "--", "src",
                ])
        #expect(plan.targets[2].inlineDockerfile == "FROM scratch\n")
        #expect(
            try plan.targets[2].arguments(inlineFile: "/f", contexts: [:])
                == ["--no-cache=true", "--output=type=local,dest=out", "--file=/f", "--", "."])
    }

    @Test func `values are set from outside`() throws {
        let plan = try plan(
            Self.family, "app",
            set: [
                "app.args.B=9", "*.platform=linux/arm64", "ap*.tags=x:1", "app.tags=x:2",
                "app.context=.", "app.secret+=id=u",
            ])
        let app = try #require(plan.targets.last)
        #expect(app.attributes["args"]?["B"] == "9")
        #expect(app.attributes["tags"] == ["x:1", "x:2"])
        #expect(app.attributes["platforms"] == ["linux/arm64"])
        #expect(app.attributes["secret"]?.array?.count == 3)
        #expect(app.attributes["context"] == ".")
        #expect(throws: Problem.self) { try self.plan(Self.family, set: ["none.context=x"]) }
        #expect(throws: Problem.self) { try self.plan(Self.family, set: ["app.args=x"]) }
        #expect(BakeOverride("app") == nil)
        #expect(BakeOverride("app=x") == nil)
    }

    @Test func `a matrix makes a target of each combination`() throws {
        let plan = try plan(
            """
            target "app" {
              name = "app-${item.name}-${v}"
              matrix = {
                item = [{ name = "a", base = "x" }, { name = "b", base = "y" }]
                v = ["1", "2"]
              }
              args = { BASE = item.base }
              tags = ["app:${v}"]
            }
            target "one" { inherits = ["base"] }
            target "base" { target = "t" }
            """, "app", "one")
        #expect(
            plan.targets.map(\.name) == ["app-a-1", "app-a-2", "app-b-1", "app-b-2", "one"])
        #expect(plan.targets[2].attributes["args"]?["BASE"] == "y")
        #expect(plan.targets[4].attributes["target"] == "t")
        #expect(plan.groups["app"]?.count == 4)
    }

    @Test func `one combination of a matrix is inherited by its name`() throws {
        let text = """
            target "app" {
              name = "app-${v}"
              matrix = { v = ["1", "2"] }
              args = { V = v }
              tags = ["app:${v}"]
            }
            target "more" {
              inherits = ["app-2"]
              tags = ["more"]
            }
            target "each" {
              name = "each-${v}"
              matrix = { v = ["1", "2"] }
              inherits = ["app-${v}"]
            }
            target "all" { inherits = ["app"] }
            """
        let plan = try plan(text, "more", "each-1", "each-2")
        #expect(plan.targets.map(\.name) == ["more", "each-1", "each-2"])
        #expect(plan.targets.map { $0.attributes["args"]?["V"] } == ["2", "1", "2"])
        #expect(plan.targets.map { $0.attributes["tags"] } == [["more"], ["app:1"], ["app:2"]])
        let problem = #expect(throws: Problem.self) { try self.plan(text, "all") }
        #expect(problem?.why == "all inherits app, which is several targets: app-1, app-2")
        let none = #expect(throws: Problem.self) {
            try self.plan("target \"default\" { inherits = [\"x\"] }")
        }
        #expect(none?.why == "default inherits x, which there is not")
    }

    @Test func `JSON says the same as HCL`() throws {
        let plan = try plan(
            """
            {"variable": {"TAG": {"default": "1"}}, "group": {"default": {"targets": ["a"]}},
             "target": {"a": {"tags": ["a:${TAG}"], "args": {"X": null, "Y": "z"}}}}
            """, environment: ["TAG": "2"])
        #expect(
            try plan.targets[0].arguments(inlineFile: nil, contexts: [:])
                == ["--build-arg=X", "--build-arg=Y=z", "--tag=a:2", "--", "."])
        #expect(
            plan.json == [
                "group": ["default": ["targets": ["a"]]],
                "target": ["a": ["args": ["X": nil, "Y": "z"], "tags": ["a:2"]]],
            ])
    }

    @Test(arguments: [
        ("target \"a\" {}", "no target and no group"),
        ("group \"default\" { targets = [\"default\"] }", "no target and no group"),
        ("target \"default\" { inherits = [\"default\"] }", "inherits itself"),
        ("target \"default\" { contexts = { x = \"target:default\" } }", "depends on itself"),
        ("target \"default\" { matrix = { a = [\"x\"] } }", "no name"),
        ("target \"default\" { name = \"x\" }", "no matrix"),
        ("network \"x\" {}", "no blocks of the type network"),
        ("a = 1 b = 2", "line 1: the line should end here"),
        ("target \"default\" {", "line 1: the block target default has no end"),
        ("}", "line 1: '}' without '{'"), ("x =\n", "line 1: a value should be here"),
        ("\nx = 1\ny = *", "line 3: a value should be here"),
        (
            "target \"default\" { name = [\"x\"]\n matrix = { a = [\"x\"] } }",
            "the name of default is a list and no text"
        ),
        (
            "target \"default\" { name = \"x\"\n matrix = { a = [1, 2] } }",
            "the matrix of default makes x more than once"
        ),
    ])
    func `files with a mistake are refused`(text: String, why: String) {
        let problem = #expect(throws: Problem.self) { try plan(text) }
        #expect(problem?.why.contains(why) == true, "\(problem?.why ?? "")")
    }

    @Test func `what Kade does not bake is refused`() throws {
        for attribute in ["policy = [1]", "output = [[1]]", "tags = {}", "args = 1"] {
            let plan = try plan("target \"default\" { \(attribute) }")
            #expect(throws: Problem.self) {
                try plan.targets[0].arguments(inlineFile: nil, contexts: [:])
            }
        }
    }

    @Test(arguments: 0..<(4 * fuzzFactor))
    func `damaged bake files are read or refused`(seed: UInt64) {
        let found = complaints(
            about: [Array(Self.family.utf8)], seed: seed,
            marks: Array("[]{}()=\"'#.,:?\n\\ _-$%<".utf8)
        ) { bytes throws(Problem) in
            _ = try BakePlan(
                BakeFile([.init(name: "bake.hcl", text: bytes)], environment: [:]), names: [],
                overrides: [],
                environment: [:])
        }
        #expect(found.isEmpty)
    }
}
