import Diagnostics
import OCI
import Testing

@Suite struct ImageSpecTests {
    @Test func `a configuration keeps Docker's and unknown members`() throws {
        let text = """
            {"created":"2026-01-02T03:04:05.678Z","architecture":"arm64","os":"linux",\
            "os.version":"1","os.features":["f"],"variant":"v8","config":{"User":"1:2",\
            "ExposedPorts":{"80/tcp":{},"53/udp":{}},"Env":["A=1"],"Entrypoint":["/e"],\
            "Cmd":["c"],"Volumes":{"/v":{}},"WorkingDir":"/w","Labels":{"a":"b"},\
            "StopSignal":"SIGQUIT","Healthcheck":{"Test":["CMD","x"],"Interval":30000000000,\
            "Retries":3,"Future":1},"Shell":["/bin/sh","-c"],"OnBuild":["RUN x"],\
            "StopTimeout":5,"Image":"sha256:x","Domainname":""},"rootfs":{"type":"layers",\
            "diff_ids":["sha256:\(String(repeating: "a", count: 64))"]},"history":[{"created":\
            "2026-01-02T03:04:05Z","created_by":"x","comment":"y","empty_layer":true}],\
            "container":"abc","docker_version":"1"}
            """
        let configuration = try ImageConfiguration(json: Array(text.utf8), named: "configuration")
        #expect(configuration.jsonString() == text)
        #expect(configuration.config?.exposedPorts.names == ["80/tcp", "53/udp"])
        #expect(configuration.config?.healthcheck?.interval == 30_000_000_000)
        #expect(configuration.config?.unknownFields["Domainname"] == "")
        #expect(configuration.history.first?.emptyLayer == true)
    }

    @Test func `layers that are combined otherwise are refused`() {
        let text = #"{"architecture":"amd64","os":"linux","rootfs":{"type":"x","diff_ids":[]}}"#
        let error = #expect(throws: Problem.self) {
            try ImageConfiguration(json: Array(text.utf8), named: "configuration")
        }
        #expect(error?.why.hasPrefix("rootfs.type is \"x\", needs one of layers") == true)
    }

    @Test func `a manifest of a future kind is read and kept`() throws {
        let digest = "sha256:" + String(repeating: "c", count: 64)
        let text = """
            {"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",\
            "artifactType":"application/x","config":{"mediaType":"application/future",\
            "digest":"\(digest)","size":2,"data":"e30="},"layers":[{"mediaType":"a/b",\
            "digest":"future:AbC","size":0,"urls":["https://example.org/x"],\
            "annotations":{"k":"v"},"y":[]}],"subject":{"mediaType":"a/b","digest":"\(digest)",\
            "size":7},"annotations":{"k":"v"},"z":{"a":1}}
            """
        let manifest = try Manifest(json: Array(text.utf8), named: "manifest")
        #expect(manifest.jsonString() == text)
    }

    @Test func `a digest in a manifest cannot be a path`() {
        let text = #"{"schemaVersion":2,"config":{"mediaType":"a","digest":"a:../b","size":1}}"#
        let error = #expect(throws: Problem.self) {
            try Manifest(json: Array(text.utf8), named: "manifest")
        }
        #expect(error?.why.hasPrefix("config.digest is \"a:../b\", which is no digest") == true)
    }

    @Test(
        arguments: [
            ("application/vnd.oci.image.layer.v1.tar+encrypted", [:], "encrypted"),
            ("application/vnd.oci.image.layer.v1.tar+gzip+encrypted", [:], "encrypted"),
            ("application/vnd.oci.image.layer.nydus.blob.v1", [:], "Nydus"),
            (
                "application/vnd.oci.image.layer.v1.tar",
                ["containerd.io/snapshot/overlaybd/blob-digest": "sha256:0"], "overlaybd"
            ),
            ("application/vnd.oci.image.layer.v1.tar+gzip", [:], nil),
            (
                "application/vnd.oci.image.layer.v1.tar+gzip",
                ["containerd.io/snapshot/stargz/toc.digest": "sha256:0"], nil
            ),
        ] as [(String, [String: String], String?)])
    func `layers that need a program of their own are told by their kind`(
        type: String, annotations: [String: String], word: String?
    ) {
        let layer = Descriptor(
            mediaType: MediaType(rawValue: type),
            digest: Digest(sha256: [UInt8](repeating: 0, count: 32)),
            size: 1, annotations: annotations)
        #expect(
            (layer.specialLayer?.why).map { $0.contains(word ?? "no word") }
                == word.map { _ in true })
    }

    @Test func `layers say how they are compressed`() {
        #expect(MediaType.zstdLayer.layerCompression == .zstd)
        #expect(MediaType.dockerGzipLayer.layerCompression == .gzip)
        #expect(MediaType.dockerForeignLayer.layerCompression == .gzip)
        #expect(MediaType.layer.layerCompression == .uncompressed)
        #expect(
            MediaType(rawValue: "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd")
                .layerCompression == .zstd)
        #expect(MediaType.configuration.layerCompression == nil)
        #expect(MediaType.dockerManifestList.isIndex)
    }
}
