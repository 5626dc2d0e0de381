import Diagnostics
import Fuzz
import OCI
import Testing

@testable import Build

/// Bake files: what their targets come to.
@Suite struct BakeTests {
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
        let plan = try BakePlan.of(Self.family)
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
        let plan = try BakePlan.of(
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
        #expect(throws: Problem.self) { try BakePlan.of(Self.family, set: ["none.context=x"]) }
        #expect(throws: Problem.self) { try BakePlan.of(Self.family, set: ["app.args=x"]) }
        #expect(BakeOverride("app") == nil)
        #expect(BakeOverride("app=x") == nil)
    }

    @Test func `a matrix makes a target of each combination`() throws {
        let plan = try BakePlan.of(
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
        let plan = try BakePlan.of(text, "more", "each-1", "each-2")
        #expect(plan.targets.map(\.name) == ["more", "each-1", "each-2"])
        #expect(plan.targets.map { $0.attributes["args"]?["V"] } == ["2", "1", "2"])
        #expect(plan.targets.map { $0.attributes["tags"] } == [["more"], ["app:1"], ["app:2"]])
        let problem = #expect(throws: Problem.self) { try BakePlan.of(text, "all") }
        #expect(problem?.why == "all inherits app, which is several targets: app-1, app-2")
        let none = #expect(throws: Problem.self) {
            try BakePlan.of("target \"default\" { inherits = [\"x\"] }")
        }
        #expect(none?.why == "default inherits x, which there is not")
    }

    @Test func `JSON says the same as HCL`() throws {
        let plan = try BakePlan.of(
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
        let problem = #expect(throws: Problem.self) { try BakePlan.of(text) }
        #expect(problem?.why.contains(why) == true, "\(problem?.why ?? "")")
    }

    @Test func `what Kade does not bake is refused`() throws {
        for attribute in ["policy = [1]", "output = [[1]]", "tags = {}", "args = 1"] {
            let plan = try BakePlan.of("target \"default\" { \(attribute) }")
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

extension BakePlan {
    /// What a bake file in HCL comes to.
    static func of(
        _ text: String, _ names: String..., set: [String] = [],
        environment: [String: String] = [:]
    ) throws -> BakePlan {
        try BakePlan(
            BakeFile([.init(name: "bake.hcl", text: Array(text.utf8))], environment: [:]),
            names: names,
            overrides: set.compactMap { BakeOverride($0) }, environment: environment)
    }
}
