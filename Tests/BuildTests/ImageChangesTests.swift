import OCI
import Testing

@testable import Build

/// What `--change` of import and commit makes of an image's words.
@Suite struct ImageChangesTests {
    @Test func `changes are Dockerfile instructions`() throws {
        var defaults = ImageConfiguration.Defaults()
        defaults.onBuild = ["RUN before"]
        try ImageChanges([
            #"CMD ["/bin/sh","-c","x y"]"#, "ENTRYPOINT run it", #"ENV A=1 B="2 3""#,
            "env C 4 $A", "EXPOSE 80 53/udp", "VOLUME /a /b", "USER app", "LABEL x=y",
            "WORKDIR /w", "WORKDIR d", "ONBUILD RUN later", "STOPSIGNAL USR1",
            "HEALTHCHECK --interval=1m30s --retries=3 CMD test -e /made",
        ]).apply(to: &defaults)
        #expect(defaults.cmd == ["/bin/sh", "-c", "x y"])
        #expect(defaults.entrypoint == ["/bin/sh", "-c", "run it"])
        #expect(defaults.env == ["A=1", "B=2 3", "C=4 1"])
        #expect(defaults.exposedPorts.names == ["80/tcp", "53/udp"])
        #expect(defaults.volumes.names == ["/a", "/b"])
        #expect(defaults.labels == ["x": "y"])
        #expect(defaults.workingDir == "/w/d")
        #expect(defaults.onBuild == ["RUN before", "RUN later"])
        #expect(defaults.stopSignal == "USR1")
        #expect(defaults.healthcheck?.test == ["CMD-SHELL", "test -e /made"])
        #expect(defaults.healthcheck?.interval == 90_000_000_000)
    }

    @Test(arguments: [
        "RUN x", "COPY a b", "FROM x", "ARG a", "SHELL [\"sh\"]", "MAINTAINER me", "NOSUCH x", "",
        "ENV", "HEALTHCHECK --no CMD x", "USER a\nUSER b", "ONBUILD FROM x", "EXPOSE many",
    ])
    func `what changes no words of an image is refused`(text: String) {
        var defaults = ImageConfiguration.Defaults()
        #expect(throws: (any Error).self) {
            try ImageChanges([text]).apply(to: &defaults)
        }
        #expect(defaults == ImageConfiguration.Defaults())
    }
}
