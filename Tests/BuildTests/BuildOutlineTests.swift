import Diagnostics
import OCI
import Testing

@testable import Build

/// What `--call` answers without building.
@Suite struct BuildOutlineTests {
    private func request(_ text: String, target: String? = nil) -> BuildRequest {
        var request = BuildRequest(dockerfile: Array(text.utf8), dockerfileName: "Dockerfile")
        request.target = target
        request.arguments = ["GIVEN": "mine"]
        return request
    }

    private let file = """
        # VERSION of the tool
        ARG VERSION=1.2
        ARG FULL=tool-${VERSION}
        # UNUSED by the target
        ARG UNUSED=x
        # base has all that is needed to run
        FROM alpine:${FULL} AS base
        ARG TARGETARCH
        FROM base AS other
        RUN --mount=type=secret,id=not-here true

        # release is what is shipped
        FROM base AS release
        # An explanation.
        # GIVEN says something
        ARG GIVEN=usual
        ARG NONE
        ENV X=y
        ARG OF=${X}-${GIVEN}
        RUN --mount=type=secret,id=token --mount=type=ssh,required=true \\
            --mount=type=cache,target=/c true
        RUN --mount=type=secret,id=token,required true
        """

    @Test func `an outline has what the target can be given`() throws {
        let outline = try BuildOutline(request(file))
        #expect(
            outline.text == """
                TARGET:      release
                DESCRIPTION: is what is shipped

                BUILD ARG   VALUE      DESCRIPTION
                VERSION     1.2        of the tool
                FULL        tool-1.2   \("")
                GIVEN       mine       says something
                NONE                   \("")
                OF          y-mine     \("")

                SECRET   REQUIRED
                token    true

                SSH       REQUIRED
                default   true


                """)
        let json = outline.json
        #expect(json["name"]?.string == "release")
        #expect(json["args"]?.array?.count == 5)
        #expect(json["secrets"]?.array?.first?["required"]?.bool == true)
        let first = json["args"]?.array?.first?["location"]?["ranges"]?.array?.first
        #expect(first?["start"]?["line"]?.int == 2)
    }

    @Test func `another target has another outline`() throws {
        let outline = try BuildOutline(request(file, target: "other"))
        #expect(outline.text.contains("not-here"))
        #expect(!outline.text.contains("GIVEN"))
        #expect(outline.text.contains("TARGET: other\n\n"))
        #expect(throws: Problem.self) { try BuildOutline(request(file, target: "none")) }
    }

    @Test func `targets are all stages, and the last one is the default`() throws {
        let targets = try BuildTargets(request(file))
        #expect(
            targets.text == """
                TARGET            DESCRIPTION
                base              has all that is needed to run
                other             \("")
                release (default) is what is shipped

                """)
        let json = targets.json["targets"]?.array
        #expect(json?.map { $0["base"]?.string } == ["alpine:${FULL}", "base", "base"])
        #expect(json?.map { $0["default"]?.bool } == [nil, nil, true])
        #expect(try BuildTargets(request("FROM x")).text == "TARGET    DESCRIPTION\n(default) \n")
    }

    @Test func `names of contexts are compared in their short form`() {
        #expect(NamedContext.name("docker.io/library/alpine:latest") == "alpine")
        #expect(NamedContext.name("alpine:3.20") == "alpine:3.20")
        #expect(NamedContext.name("r.example/a/b") == "r.example/a/b")
        #expect(NamedContext.name("Stage") == "Stage")
    }
}
