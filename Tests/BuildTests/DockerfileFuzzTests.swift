import Diagnostics
import Fuzz
import OCI
import Testing

@testable import Build

/// Damaged Dockerfiles and lists of ignored files: understood, or refused with the line.
@Suite struct DockerfileFuzzTests {
    private static let marks = Array("\n\\$\"'{}[]<>-=:#&|;,/@ \tA\u{0}".utf8) + [0xC3, 0xFF]
    private let platform = Platform(os: "linux", architecture: "amd64")

    @Test(arguments: 0..<(4 * fuzzFactor))
    func `a Dockerfile is planned or refused`(seed: UInt64) {
        let found = complaints(
            about: Self.files.map { Array($0.utf8) }, count: 300, seed: seed, marks: Self.marks
        ) { bytes throws(Problem) in
            let file = try Dockerfile(parsing: bytes, file: "Dockerfile")
            var arguments = BuildArguments(
                given: ["VERSION": "2"], target: platform, build: platform)
            try arguments.declareGlobals(of: file)
            _ = try StageGraph(file, arguments: arguments, target: nil)
            for stage in file.stages {
                var state = StageState(
                    base: .init(), author: nil, arguments: arguments, directives: file.directives)
                for instruction in stage.instructions { _ = try state.apply(instruction) }
            }
        }
        #expect(found.isEmpty)
    }

    @Test(arguments: 0..<(2 * fuzzFactor))
    func `the checks of a damaged Dockerfile come to an end`(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<200 {
            let text = try #require(Self.files.randomElement(using: &generator))
            let damaged = mutated(Array(text.utf8), with: Self.marks, using: &generator)
            var request = BuildRequest(dockerfile: damaged, dockerfileName: "Dockerfile")
            request.platform = platform
            let outcome = BuildChecks.run(request, coversAllStages: true) { _, _ in nil }
            #expect(outcome.problem?.kind != .bug)
            for warning in outcome.warnings { #expect(!warning.detail.isEmpty) }
        }
    }

    @Test(arguments: 0..<(2 * fuzzFactor))
    func `damaged lists of ignored files are read or refused`(seed: UInt64) {
        let lists = ["*.log\n!a.log\n# c\n**/x/[a-c]?\n/dir/\n", "a/**/z\n\\#c\n[^a]x\n"]
        let found = complaints(
            about: lists.map { Array($0.utf8) }, seed: seed, marks: Array("*?[]!\\/.#\n^- a".utf8)
        ) { bytes throws(Problem) in
            let text = String(decoding: bytes, as: UTF8.self)
            let rules = try IgnoreRules(parsing: text, file: ".dockerignore")
            for path in ["a", "a/b/c.log", "x/a", "dir/sub/z", "é"] { _ = rules.excludes(path) }
        }
        #expect(found.isEmpty)
    }

    private static let files = [
        """
        # syntax=docker/dockerfile:1
        # escape=\\
        ARG BASE=debian:${VERSION:-1}
        FROM --platform=$BUILDPLATFORM ${BASE} AS one
        ENV A=b C="d e" E='f'
        LABEL "x.y"="z"
        RUN --mount=type=cache,target=/c,sharing=locked --network=none <<EOT
        echo $A
        EOT
        COPY --chown=1:2 --chmod=u+x --link --exclude=*.md a b /to/
        ADD --checksum=sha256:\(String(repeating: "0", count: 64)) https://h.example/x /x
        HEALTHCHECK --interval=5s --retries=2 CMD ["a", "b"]
        """,
        """
        FROM scratch AS two
        COPY --from=one /a /b
        COPY <<one <<-"two" /d/
        text $HOME
        one
        \ttext
        two
        FROM two
        ARG X=${UNSET:+y}${BASE%%:*}${BASE/a/b}
        WORKDIR /w/$X
        SHELL ["/bin/sh", "-c"]
        ONBUILD RUN true
        USER 1:2
        EXPOSE 80/tcp 8000-8005
        VOLUME ["/v"]
        STOPSIGNAL SIGQUIT
        ENTRYPOINT exec x
        CMD ["y"]
        """,
    ]
}
