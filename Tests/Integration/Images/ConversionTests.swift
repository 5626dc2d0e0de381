import Foundation
import OCI
import Testing

/// What a container's spec has of its image (image-spec, conversion.md).
@Suite(.enabled(if: isRoot)) struct ConversionTests {
    private let kade: Kade

    init() throws {
        kade = try Kade()
        try kade.check(
            "import", "--change", "ENV A=1", "--change", "USER 7:8", "--change", "WORKDIR /tmp",
            "--change", "ENTRYPOINT [\"sleep\"]", "--change", "CMD [\"600\"]", "--change",
            "EXPOSE 80", "--change", "STOPSIGNAL KILL", "--change", "VOLUME /data", "--change",
            "LABEL x=image y=image org.opencontainers.image.architecture=none "
                + "run.oci.handler=none", try Kade.busyboxArchive.get(), "mine:1")
    }

    private func spec(of id: String) throws -> RuntimeSpec {
        let path = kade.root + "/containers/\(id)/config.json"
        return try RuntimeSpec(
            json: Array(try Data(contentsOf: URL(filePath: path))), named: path)
    }

    @Test func `fields are verbatim, and annotations tell of the rest`() throws {
        let created = try kade.check("inspect", "-f", "{{.Created}}", "mine:1")
        let run = try kade(
            "run", "-d", "--label", "x=flag", "--label", "z=flag", "--annotation", "z=own",
            "mine:1")
        #expect(run.exitCode == 0, "\(run.errors)")
        #expect(run.errors.contains("label run.oci.handler is no annotation"), "\(run.errors)")
        let id = run.output.trimmingCharacters(in: .whitespacesAndNewlines)
        let spec = try spec(of: id)
        #expect(
            spec.annotations == [
                "org.opencontainers.image.os": "linux",
                "org.opencontainers.image.architecture": "none",
                "org.opencontainers.image.created": created,
                "org.opencontainers.image.exposedPorts": "80/tcp",
                "org.opencontainers.image.stopSignal": "KILL",
                "x": "flag", "y": "image", "z": "own",
            ])
        let process = try #require(spec.process)
        #expect(process.args == ["sleep", "600"])
        #expect(process.cwd == "/tmp")
        #expect(process.env.contains("A=1"))
        #expect(process.user.uid == 7)
        #expect(process.user.gid == 8)
        #expect(spec.mounts.contains { $0.destination == "/data" })
        // What Docker shows are the user's own annotations.
        #expect(try kade.inspect(id, "{{json .HostConfig.Annotations}}") == #"{"z":"own"}"#)
        #expect(
            try kade.inspect(id, "{{.Config.Labels.x}} {{.Config.Labels.y}}") == "flag image")
    }

    @Test(.rootOnly("the kernel gives users no overlay of /; RootlessRefusalTests"))
    func `a container without an image has none of them`() throws {
        let id = try kade.check("run", "-d", "host", "sleep", "600")
        #expect(try spec(of: id).annotations.isEmpty)
    }
}
