import Foundation
import Testing

/// What is no container image: artifacts, with and without a subject, and all of an index.
@Suite struct ArtifactTests {
    let folder: TemporaryFolder
    let images: TestImages
    let kade: Kade

    init() throws {
        folder = try TemporaryFolder()
        images = try TestImages()
        kade = try Kade(environment: Kade.unpacked)
    }

    /// An artifact of one file that is about an image.
    private func artifact(about image: TestImages.Blob) throws -> TestImages.Blob {
        try folder.write("bill of materials", to: "sbom")
        try folder.write("{}", to: "empty")
        let layer = try images.addFile(folder.at("sbom"), mediaType: "application/spdx+json")
        let config = try images.addFile(
            folder.at("empty"), mediaType: "application/vnd.oci.empty.v1+json")
        let type = "application/vnd.oci.image.manifest.v1+json"
        var blob = try images.add(
            [
                "schemaVersion": 2, "mediaType": type, "artifactType": "application/spdx+json",
                "config": config.json, "layers": [layer.json],
                "subject": ["mediaType": type, "digest": image.digest, "size": image.size],
                "annotations": ["org.opencontainers.image.created": "2020-01-02T03:04:05Z"],
            ], mediaType: type)
        blob.layers = [layer.digest]
        return blob
    }

    @Test(arguments: [ReceivingRegistry.Fault.none, .noReferrers])
    func `an artifact is pushed, listed as a referrer, pulled and removed`(
        fault: ReceivingRegistry.Fault
    ) throws {
        let server = try ReceivingRegistry(fault)
        let (image, sbom) = ("\(server.authority)/a/b:it", "\(server.authority)/a/b:sbom")
        try TestImages.tree(in: folder, named: "tree", sizeInBytes: 10_000)
        let subject = try images.add(.init(trees: [folder.at("tree")]), as: image)
        let blob = try artifact(about: subject)
        try images.addName(blob, sbom)
        try kade.check("load", "-q", "-i", images.path)
        let listed = try kade.check("images", "--format", "{{.Tag}} {{.ID}}", "--no-trunc")
        #expect(listed.contains("sbom \(blob.digest)"))
        try kade.check("push", image)
        try kade.check("push", sbom)
        #expect(try server.digest(of: "sbom", in: "a/b") == blob.digest)
        #expect(try server.hasBlob(blob.layers[0], in: "a/b"))
        let tag = subject.digest.replacingOccurrences(of: ":", with: "-")
        if fault == .noReferrers {
            let index = try server.manifest(tag, in: "a/b")
            #expect(index.contains(blob.digest) && index.contains("application/spdx+json"))
            try kade.check("push", sbom)
            #expect(try server.manifest(tag, in: "a/b") == index)
        } else {
            #expect(try server.requests("PUT", "/v2/a/b/manifests/\(tag)").isEmpty)
        }

        let other = try Kade()
        try other.check("pull", "-q", sbom)
        #expect(
            try Tool.check("cat", "\(other.root)/image/blobs/sha256/\(blob.layers[0].dropFirst(7))")
                == "bill of materials")
        let run = try other("run", "--rm", sbom)
        #expect(run.exitCode == 125)
        #expect(run.errors.contains("artifact of the type application/spdx+json"))
        try other.check("rmi", sbom)
        #expect(try other.check("images", "-q").isEmpty)
    }

    @Test func `all platforms of an index come, and one is unpacked`() throws {
        let parts = try ["amd64", "arm64", "s390x"].map { architecture in
            try TestImages.tree(in: folder, named: architecture, sizeInBytes: 10_000)
            return try images.add(
                .init(trees: [folder.at(architecture)], architecture: architecture))
        }
        let index = try images.addIndex(of: parts, as: "multi")
        let server = try MisbehavingRegistry(serving: images, fault: .none)
        let target = try ReceivingRegistry(.none)
        let (from, to) = ("\(server.authority)/a/b:multi", "\(target.authority)/a/b:multi")
        try kade.check("pull", "-q", "--all-platforms", from)
        #expect(try unpackedLayer(kade.root, with: "etc/amd64") != nil)
        #expect(try unpackedLayer(kade.root, with: "etc/arm64") == nil)
        try kade.check("tag", from, to)
        try kade.check("push", to)
        #expect(try target.digest(of: "multi", in: "a/b") == index.digest)
        for part in parts { #expect(try target.hasBlob(part.layers[0], in: "a/b")) }
        // Unpacked when it is needed; the program is this machine's under another name.
        let run = try kade(
            "run", "--rm", "--platform", "linux/arm64", from, "busybox", "cat", "/etc/arm64")
        #expect(run.output == "hello from arm64\n", "\(run.errors)")
    }

    @Test func `an index without this machine's platform is stored and listed`() throws {
        let parts = try ["arm64", "s390x"].map { architecture in
            try TestImages.tree(in: folder, named: architecture, sizeInBytes: 10_000)
            return try images.add(
                .init(trees: [folder.at(architecture)], architecture: architecture))
        }
        try images.addIndex(of: parts, as: "multi")
        let server = try MisbehavingRegistry(serving: images, fault: .none)
        let reference = "\(server.authority)/a/b:multi"
        #expect(try kade("pull", "-q", reference).errors.contains("linux/arm64, linux/s390x"))
        try kade.check("pull", "-q", "--all-platforms", reference)
        #expect(try kade.check("images", "--format", "{{.Tag}}") == "multi")
    }
}
