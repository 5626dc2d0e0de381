import Diagnostics
import Fuzz
import OCI
import Testing

@testable import Build

/// BuildKit's source policies: what may be fetched, and what in its place.
@Suite struct SourcePolicyTests {
    private func policy(_ rules: String) throws -> SourcePolicy {
        try SourcePolicy(json: Array(#"{"rules": [\#(rules)]}"#.utf8), named: "policy.json")
    }

    private static let alpine = "docker-image://docker.io/library/alpine:latest"

    @Test func `of rules that allow and deny the last one counts`() throws {
        let policy = try policy(
            """
            {"action": "DENY", "selector": {"identifier": "*"}},
            {"action": "ALLOW", "selector": {"identifier": "docker-image://docker.io/library/*"}},
            {"action": "DENY", "selector": {"identifier": "\(Self.alpine)", "matchType": "EXACT"}}
            """)
        #expect(
            try policy.source(for: "docker-image://docker.io/library/debian:12").identifier
                == "docker-image://docker.io/library/debian:12")
        for identifier in [Self.alpine, "https://a/b", "local://context"] {
            let problem = #expect(throws: Problem.self) { try policy.source(for: identifier) }
            #expect(problem?.kind == .denied)
        }
    }

    @Test func `a source becomes another one, and is looked at again`() throws {
        let policy = try policy(
            """
            {"action": "CONVERT",
             "selector": {"identifier": "docker-image://docker.io/library/*:*"},
             "updates": {"identifier": "docker-image://mirror.test/${1}-$x:${2}"}},
            {"action": "CONVERT", "selector": {"identifier": "https://a/b", "matchType": "EXACT"},
             "updates": {"attrs": {"http.checksum": "sha256:1"}}},
            {"action": "DENY", "selector": {"identifier": "docker-image://mirror.test/bad*"}}
            """)
        #expect(
            try policy.source(for: Self.alpine).identifier
                == "docker-image://mirror.test/alpine-$x:latest")
        #expect(throws: Problem.self) {
            try policy.source(for: "docker-image://docker.io/library/bad:1")
        }
        #expect(try policy.source(for: "https://a/b").checksum == "sha256:1")
        let endless = try self.policy(
            """
            {"action": "CONVERT", "selector": {"identifier": "a*"},
             "updates": {"identifier": "aa${1}"}}
            """)
        #expect(throws: Problem.self) { try endless.source(for: "a") }
    }

    @Test func `regular expressions select sources, and their groups are filled in`() throws {
        let policy = try policy(
            #"""
            {"action": "CONVERT",
             "selector": {"matchType": "REGEX",
              "identifier": "^docker-image://docker\\.io/(?P<name>[^:]+):([0-9.]+)$"},
             "updates": {"identifier": "docker-image://mirror.test/${name}:$2-$$1"}},
            {"action": "DENY",
             "selector": {"match_type": "REGEX", "identifier": "(?i)BAD|://evil[0-9]+\\."}},
            {"action": "DENY", "selector": {"matchType": "REGEX", "identifier": "git://a/b?c+"}}
            """#)
        #expect(
            try policy.source(for: "docker-image://docker.io/library/debian:12.1").identifier
                == "docker-image://mirror.test/library/debian:12.1-$1")
        #expect(try policy.source(for: Self.alpine).identifier == Self.alpine)
        // The last one is the expression itself.
        for denied in ["https://x/bad", "https://evil42.test/", "git://a/b?c+"] {
            let problem = #expect(throws: Problem.self) { try policy.source(for: denied) }
            #expect(problem?.kind == .denied)
        }
        #expect(try policy.source(for: "https://evil.test/").identifier == "https://evil.test/")
    }

    @Test(arguments: [
        #"{"action": "MAYBE", "selector": {"identifier": "a"}}"#,
        #"{"action": "DENY", "selector": {"identifier": "a", "matchType": "GLOB"}}"#,
        #"{"action": "DENY", "selector": {"identifier": "a(", "matchType": "REGEX"}}"#,
        #"{"action": "DENY", "selector": {"identifier": "a", "constraints": []}}"#,
        #"{"action": "DENY"}"#, #"{"action": "CONVERT", "selector": {"identifier": "a"}}"#,
        #"{"selector": {"identifier": "a"}, "updates": {"attrs": {"git.x": "y"}}}"#, "1",
    ])
    func `what Kade does not know of a policy is refused`(rule: String) {
        #expect(throws: Problem.self) { try policy(rule) }
    }

    @Test(arguments: 0..<(2 * fuzzFactor))
    func `damaged policies are read or refused`(seed: UInt64) {
        let text = """
            {"version": 1, "rules": [{"action": "CONVERT", "selector": {"identifier": "a*b*"},
             "updates": {"identifier": "${1}${2}"}}]}
            """
        let found = complaints(about: [Array(text.utf8)], seed: seed) { bytes throws(Problem) in
            _ = try SourcePolicy(json: bytes, named: "x").source(for: "local://context")
        }
        #expect(found.isEmpty)
    }
}
