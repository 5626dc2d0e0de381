import Diagnostics
import OCI
import Testing

@testable import Build

/// Stages: their graph, their arguments, and what instructions make of them.
@Suite struct StageTests {
    private let platform = Platform(os: "linux", architecture: "amd64")

    private func arguments(
        _ given: [String: String], for file: Dockerfile
    ) throws -> BuildArguments {
        var arguments = BuildArguments(given: given, target: platform, build: platform)
        try arguments.declareGlobals(of: file)
        return arguments
    }

    private func parse(_ text: String) throws -> Dockerfile {
        try Dockerfile(parsing: Array(text.utf8), file: "Dockerfile")
    }

    private func graph(
        _ text: String, target: String? = nil, given: [String: String] = [:]
    ) throws -> StageGraph {
        let file = try parse(text)
        return try StageGraph(file, arguments: try arguments(given, for: file), target: target)
    }

    /// All steps of a file's only stage, and the state at its end.
    private func steps(
        _ text: String, given: [String: String] = [:],
        base: ImageConfiguration.Defaults = .init()
    ) throws -> ([StageStep], StageState) {
        let file = try parse(text)
        var state = StageState(
            base: base, author: nil, arguments: try arguments(given, for: file),
            directives: file.directives)
        var steps: [StageStep] = []
        for placed in file.stages[0].instructions { steps.append(try state.apply(placed)) }
        return (steps, state)
    }

    @Test func `stages that the target does not need are left out`() throws {
        let text = """
            FROM a AS one
            FROM b AS two
            COPY --from=one x y
            FROM c AS three
            FROM two
            RUN --mount=from=0,target=/x true
            """
        #expect(try graph(text).needed == [0, 1, 3])
        #expect(try graph(text, target: "three").needed == [2])
        #expect(try graph(text, target: "TWO").needed == [0, 1])
        #expect(throws: Problem.self) { try graph(text, target: "four") }
    }

    @Test func `a stage's name hides an image's only after it`() throws {
        let nodes = try graph("FROM one\nFROM scratch AS one\nFROM one").nodes
        #expect(nodes.map(\.base) == [.image(name: "one", platform: nil), .scratch, .stage(1)])
    }

    @Test func `arguments before FROM are for FROM, and declared again for the stage`() throws {
        let text = "ARG V=1\nARG I=img:$V\nFROM $I\nARG V\nARG W=2\nENV A=$V B=$W C=$I"
        #expect(try graph(text).nodes[0].base == .image(name: "img:1", platform: nil))
        #expect(
            try graph(text, given: ["V": "9"]).nodes[0].base
                == .image(name: "img:9", platform: nil))
        #expect(try steps(text).1.defaults.env == ["A=1", "B=2", "C="])
        #expect(
            try steps(text, given: ["V": "9", "W": "8"]).1.defaults.env == ["A=9", "B=8", "C="])
    }

    @Test func `platform arguments have values without anybody giving them`() throws {
        let state = try steps("FROM scratch\nARG TARGETARCH\nENV A=$TARGETARCH B=$TARGETOS").1
        #expect(state.defaults.env == ["A=amd64", "B="])
    }

    @Test func `ENV hides an argument of the same name`() throws {
        let (steps, _) = try steps("FROM scratch\nENV A=env\nARG A=arg\nARG B=b\nRUN x")
        guard case .run(let run) = steps[3] else {
            Issue.record("a RUN was expected")
            return
        }
        #expect(run.environment == ["A=env", "B=b"])
        #expect(run.arguments == ["/bin/sh", "-c", "x"])
    }

    @Test func `variables of one ENV see the values from before it`() throws {
        let state = try steps("FROM scratch\nENV a=hello\nENV a=bye b=$a\nENV c=$a").1
        #expect(state.defaults.env == ["a=bye", "b=hello", "c=bye"])
    }

    @Test func `an entrypoint takes the base image's command away, and not the stage's own`() throws
    {
        let base = ImageConfiguration.Defaults(cmd: ["base"])
        #expect(try steps("FROM x\nENTRYPOINT [\"e\"]", base: base).1.defaults.cmd == [])
        #expect(
            try steps("FROM x\nCMD [\"c\"]\nENTRYPOINT [\"e\"]", base: base).1.defaults.cmd
                == ["c"])
    }

    @Test func `directories are relative to the one before`() throws {
        let (steps, state) = try steps(
            "FROM scratch\nWORKDIR /a\nWORKDIR b/../c\nCOPY x .\nCOPY x y\nCOPY x /z/")
        #expect(state.defaults.workingDir == "/a/c")
        #expect(steps[1] == .workingDirectory("/a/c"))
        let destinations = steps.compactMap { step -> String? in
            if case .copy(let copy) = step { copy.destination } else { nil }
        }
        #expect(destinations == ["/a/c/", "/a/c/y", "/z/"])
    }

    @Test func `here-documents become files, scripts or the shell's text`() throws {
        let (steps, _) = try steps(
            """
            FROM scratch
            ENV v=1
            COPY <<a <<"b" /d/
            x=$v
            a
            x=$v
            b
            RUN <<EOF
            one
            EOF
            RUN <<EOF
            #!/bin/x
            EOF
            RUN cat <<EOF
            two
            EOF
            """)
        guard case .copy(let copy) = steps[1], case .run(let plain) = steps[2],
            case .run(let script) = steps[3], case .run(let shell) = steps[4]
        else {
            Issue.record("other steps were expected")
            return
        }
        #expect(
            copy.sources == [
                .inline(name: "a", content: "x=1\n"), .inline(name: "b", content: "x=$v\n"),
            ])
        #expect(plain.arguments == ["/bin/sh", "-c", "one\n"])
        #expect(script.arguments == ["/dev/pipes/EOF"])
        #expect(script.script == .init(name: "EOF", content: "#!/bin/x\n"))
        #expect(shell.arguments == ["/bin/sh", "-c", "cat <<EOF\ntwo\nEOF"])
    }

    @Test func `ports have a protocol and ranges`() throws {
        let state = try steps("FROM scratch\nENV P=\"1 2/udp\"\nEXPOSE 80 8000-8002/TCP $P").1
        #expect(
            state.defaults.exposedPorts.names == [
                "80/tcp", "8000/tcp", "8001/tcp", "8002/tcp", "1/tcp", "2/udp",
            ])
        #expect(throws: Problem.self) { try steps("FROM scratch\nEXPOSE 99999") }
    }

    @Test func `the mounts of RUN are read`() throws {
        let (steps, _) = try steps(
            """
            FROM scratch
            WORKDIR /w
            RUN --mount=type=cache,target=c,id=x,sharing=locked --mount=type=secret,id=s \\
                --mount=type=tmpfs,target=/t,size=1m --mount=source=src,target=/b,rw true
            """)
        guard case .run(let run) = steps[1] else {
            Issue.record("a RUN was expected")
            return
        }
        #expect(run.mounts.map(\.target) == ["/w/c", "/run/secrets/s", "/t", "/b"])
        #expect(run.mounts[2].kind == .tmpfs(sizeInBytes: 1 << 20))
        #expect(run.mounts[3].kind == .bind(from: nil, source: "src", isReadOnly: false))
        #expect(throws: Problem.self) {
            try self.steps("FROM scratch\nRUN --mount=type=nosuch,target=/x true")
        }
        #expect(throws: Problem.self) {
            try self.steps("FROM scratch\nRUN --mount=type=cache,target=/x,nosuch=1 true")
        }
    }
}
