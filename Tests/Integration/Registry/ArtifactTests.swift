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
        #expect(
            try kade.check("registry", "rm", "--manifest", sbom)
                == "Deleted: \(server.authority)/a/b@\(blob.digest)")
        #expect(try other("pull", "-q", sbom).exitCode == 1)
        if fault == .noReferrers {
            // Who lists what is about an image strikes it out.
            let index = try server.manifest(tag, in: "a/b")
            #expect(!index.contains(blob.digest) && index.contains("\"manifests\":[]"), "\(index)")
        } else {
            #expect(try server.requests("PUT", "/v2/a/b/manifests/\(tag)").isEmpty)
        }
    }

    @Test func `content that a descriptor holds itself is used, and must be what it names`() throws
    {
        try folder.write("{}", to: "empty")
        let empty = try images.addFile(
            folder.at("empty"), mediaType: "application/vnd.oci.empty.v1+json")
        let type = "application/vnd.oci.image.manifest.v1+json"
        for (name, data) in [("right", "e30="), ("wrong", "e3s="), ("long", "e30K"), ("none", "?")]
        {
            var held = empty.json
            held["data"] = data
            let blob = try images.add(
                [
                    "schemaVersion": 2, "mediaType": type, "artifactType": "a/b", "config": held,
                    "layers": [held],
                ], mediaType: type)
            try images.addName(blob, name)
        }
        // The registry does not have it.
        try FileManager.default.removeItem(atPath: images.file(of: empty.digest))
        let registry = try MisbehavingRegistry(serving: images, fault: .none)
        try kade.check("pull", "-q", "\(registry.authority)/a/b:right")
        #expect(
            try Tool.check("cat", "\(kade.root)/image/blobs/sha256/\(empty.digest.dropFirst(7))")
                == "{}")
        for name in ["wrong", "long", "none"] {
            let outcome = try kade("pull", "-q", "\(registry.authority)/a/b:\(name)")
            #expect(outcome.exitCode != 0)
            #expect(outcome.errors.contains("other content than it names"), "\(outcome.errors)")
        }
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

    @Test func `one platform of an image goes, and comes back with a pull`() throws {
        let parts = try ["amd64", "arm64", "s390x"].map { architecture in
            try TestImages.tree(in: folder, named: architecture, sizeInBytes: 10_000)
            return try images.add(
                .init(trees: [folder.at(architecture)], architecture: architecture))
        }
        let index = try images.addIndex(of: parts, as: "multi")
        let server = try MisbehavingRegistry(serving: images, fault: .none)
        let name = "\(server.authority)/a/b:multi"
        try kade.check("pull", "-q", "--all-platforms", name)
        func isHere(_ part: TestImages.Blob) -> Bool {
            ([part.digest] + part.layers).allSatisfy {
                FileManager.default.fileExists(
                    atPath: "\(kade.root)/image/blobs/sha256/\($0.dropFirst(7))")
            }
        }

        let missing = try kade("rmi", "--platform", "linux/riscv64", name)
        #expect(missing.exitCode == 1)
        #expect(missing.errors.contains("linux/amd64, linux/arm64, linux/s390x"))
        // A container needs its own platform only.
        let (use, other) = ("linux/arm64", "linux/s390x,linux/amd64")
        try kade.check("create", "--name", "user", "--platform", use, name, "true")
        let used = try kade("rmi", "--platform", use, name)
        #expect(used.errors.contains("is using it"), "\(used.errors)")
        // The whole image is in use by any of its platforms.
        #expect(try kade("rmi", name).errors.contains("is using its referenced image"))

        let removed = try kade.check("rmi", "--platform", other, name)
        #expect(removed.contains("Deleted: \(parts[0].digest)"))
        #expect(removed.contains("Deleted: \(parts[2].digest)"))
        #expect(parts.map(isHere) == [false, true, false])
        #expect(
            try kade.check(
                "image", "inspect", "-f", "{{.Architecture}} {{.Descriptor.digest}}", name)
                == "arm64 \(index.digest)")
        for command in [["image", "inspect"], ["history"], ["save", "-o", folder.at("tar")]] {
            let gone = try kade.call(command + ["--platform", "linux/amd64", name])
            #expect(gone.exitCode != 0, "\(command)")
            let rest = try kade.call(command + ["--platform", "linux/arm64", name])
            #expect(rest.exitCode == 0, "\(rest.errors)")
        }
        #expect(try kade.check("system", "check").contains("problem") == false)

        try kade.check("pull", "-q", "--platform", "linux/amd64", name)
        #expect(parts.map(isHere) == [true, true, false])
        // The last platform takes the name with it.
        try kade.check("rm", "user")
        let all = try kade.check("rmi", "--platform", "linux/amd64,linux/arm64", name)
        #expect(all.contains("Untagged: \(name)"))
        #expect(try kade.check("images", "-q").isEmpty)
    }

    @Test func `a platform that has a name of its own stays`() throws {
        let parts = try ["amd64", "arm64"].map { architecture in
            try TestImages.tree(in: folder, named: architecture, sizeInBytes: 10_000)
            return try images.add(
                .init(trees: [folder.at(architecture)], architecture: architecture))
        }
        try images.addIndex(of: parts, as: "multi")
        try images.addName(parts[1], "arm")
        let server = try MisbehavingRegistry(serving: images, fault: .none)
        let name = "\(server.authority)/a/b:multi"
        try kade.check("pull", "-q", "--all-platforms", name)
        try kade.check("pull", "-q", "--platform", "linux/arm64", "\(server.authority)/a/b:arm")
        let refused = try kade("rmi", "--platform", "linux/arm64", name)
        #expect(refused.errors.contains("another name of the store"), "\(refused.errors)")
        try kade.check("rmi", "\(server.authority)/a/b:arm")
        try kade.check("rmi", "--platform", "linux/arm64", name)
    }
}
