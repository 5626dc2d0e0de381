import Foundation
import OCI
import Testing

/// How results are compressed, and in whose media types, where they are pushed, kept and saved.
@Suite(.enabled(if: isRoot)) struct BuildMediaTypeTests {
    @Test func `a push compresses the layers as the output says`() throws {
        let site = try BuildSite("FROM base\nRUN echo x > /x")
        let registry = try TestRegistry()
        func type(of name: String) throws -> Substring? {
            let raw = try Tool.check(
                "skopeo", "inspect", "--raw", "--tls-verify=false", "docker://\(name)")
            return raw.split(separator: "\"").last { $0.contains("image.layer.v1.tar") }
        }
        let formats = [
            ("zstd", "+zstd"), ("gzip", "+gzip"), ("estargz", "+gzip"),
            ("zstd,compression-level=19,force-compression=true", "+zstd"),
            // The last one: a plain layer that a registry has stays as it is.
            ("uncompressed", ""),
        ]
        for (number, (format, suffix)) in formats.enumerated() {
            let name = "\(registry.authority)/a\(number):1"
            try site.check("-o", "type=registry,name=\(name),compression=\(format)")
            #expect(
                try type(of: name) == "application/vnd.oci.image.layer.v1.tar\(suffix)")
        }
        #expect(
            try site.build("-o", "type=image,compression=lzma").errors
                .contains("does not compress as 'lzma'"))
        #expect(
            try site.build("-o", "type=registry,name=a,compression-level=10").errors
                .contains("gzip has no level 10"))
        // What is attested names the digest that the registry has.
        let attested = "\(registry.authority)/attested:1"
        let told = try site.check(as: attested, "--provenance=true", "--push", "--no-cache")
        #expect(!told.contains("Layers stay"), "\(told)")
        let index = try site.pushed(attested)
        let manifests = try #require(index["manifests"]?.array)
        let image = try #require(manifests.first?["digest"]?.string)
        #expect(
            manifests.last?["annotations"]?["vnd.docker.reference.digest"]?.string == image)
        let pushed = try Tool.check(
            "skopeo", "inspect", "--raw", "--tls-verify=false",
            "docker://\(registry.authority)/attested@\(image)")
        #expect(pushed.contains("image.layer.v1.tar+gzip"), "\(pushed)")
        // An image that was attested before it is pushed keeps its digest.
        let later = "\(registry.authority)/later:1"
        try site.write("FROM base\nRUN echo later > /later")
        try site.check(as: later, "--provenance=true")
        let outcome = try site.kade.call(["push", later])
        #expect(
            (outcome.output + outcome.errors).contains("Layers stay uncompressed"), "\(outcome)")
    }

    /// The media types of a manifest, its configuration and its layers.
    private func types(of manifest: JSONValue) -> [String] {
        let parts = [manifest, manifest["config"] ?? .null] + (manifest["layers"]?.array ?? [])
        return parts.compactMap {
            $0["mediaType"]?.string?.split(separator: "/").last.map(String.init)
        }
    }

    @Test func `the digest that a build tells is the one that the registry has`() throws {
        let site = try BuildSite("FROM base\nRUN echo x > /x")
        let registry = try TestRegistry()
        let (name, file) = ("\(registry.authority)/told:1", site.folder.at("metadata"))
        for flags in [["--push"], ["-o", "type=registry,compression=estargz"]] {
            let outcome = try site.kade.call(
                ["build", "-t", name, "--metadata-file", file] + flags
                    + [site.folder.at("context")])
            #expect(outcome.exitCode == 0, "\(outcome.errors)")
            let told = try site.json(try site.folder.text("metadata"))
            let found = try Tool.check(
                "skopeo", "inspect", "--tls-verify=false", "-f", "{{.Digest}}", "docker://\(name)")
            #expect(
                told["containerimage.digest"]?.string
                    == found.trimmingCharacters(in: .whitespacesAndNewlines))
            let manifest = try site.pushed(name)
            #expect(
                told["containerimage.config.digest"]?.string
                    == manifest["config"]?["digest"]?.string)
        }
    }

    @Test func `an image has Docker's media types where the output says so`() throws {
        let site = try BuildSite("FROM base\nRUN echo x > /x")
        let registry = try TestRegistry()
        let name = "\(registry.authority)/dockers:1"
        try site.check(as: name, "-o", "type=registry,oci-mediatypes=false")
        let manifest = try site.pushed(name)
        #expect(
            types(of: manifest) == [
                "vnd.docker.distribution.manifest.v2+json", "vnd.docker.container.image.v1+json",
                "vnd.docker.image.rootfs.diff.tar.gzip", "vnd.docker.image.rootfs.diff.tar.gzip",
            ])
        // Others read it, from the registry and from the store, and it runs.
        try Tool.check(
            "skopeo", "copy", "-q", "--insecure-policy", "--src-tls-verify=false",
            "docker://\(name)", "oci:\(site.folder.at("copy")):x")
        #expect(
            try site.kade.check("run", "--rm", name, "cat", "/x") == "x")
        let many = "\(registry.authority)/many:1"
        try site.write("FROM scratch\nCOPY a /a", context: "echo a > a")
        try site.check(
            as: many, "--platform", "linux/amd64,linux/arm64", "-o",
            "type=image,push=true,oci-mediatypes=false,compression=uncompressed")
        let list = try site.pushed(many)
        #expect(
            list["mediaType"]?.string
                == "application/vnd.docker.distribution.manifest.list.v2+json")
        #expect(
            list["manifests"]?.array?.compactMap { $0["mediaType"]?.string }
                == Array(
                    repeating: "application/vnd.docker.distribution.manifest.v2+json", count: 2))
        // Plain in the store, compressed by a push.
        let plain = "\(registry.authority)/plain:1"
        try site.write("FROM scratch\nCOPY b /b", context: "echo b > b")
        try site.check(as: plain, "-o", "type=docker,oci-mediatypes=false")
        try site.kade.check("push", plain)
        let later = try site.pushed(plain)
        #expect(types(of: later).last == "vnd.docker.image.rootfs.diff.tar.gzip")
        for (flags, why) in [
            (["-o", "type=image,oci-mediatypes=false,compression=zstd"], "have none for zstd"),
            (["-o", "type=oci,oci-mediatypes=false"], "no oci-mediatypes=false"),
            (
                ["-o", "type=image,oci-mediatypes=false", "--provenance=true"],
                "no place for attestations"
            ),
            (
                ["-o", "type=image,oci-mediatypes=false", "--annotation", "a=b"],
                "no place for annotations"
            ),
        ] {
            let refused = try site.kade.call(["build"] + flags + [site.folder.at("context")])
            #expect(refused.exitCode != 0 && refused.errors.contains(why), "\(refused)")
        }
    }

    @Test func `images are kept and saved compressed, and saved as directories`() throws {
        let site = try BuildSite("FROM base\nRUN echo x > /x")
        func layout(_ output: String) throws -> JSONValue {
            try site.check("-o", output)
            let path = site.folder.at("out")
            let index = try site.json(try Tool.check("sh", "-c", "cat \"$0\"/index.json", path))
            let digest = try #require(index["manifests"]?.array?.first?["digest"]?.string)
            return try site.json(
                try Tool.check("cat", "\(path)/blobs/sha256/\(digest.dropFirst(7))"))
        }
        let out = site.folder.at("out")
        let plain = try layout("type=oci,tar=false,dest=\(out)")
        #expect(types(of: plain).last == "vnd.oci.image.layer.v1.tar")
        try Tool.check("rm", "-r", out)
        let compressed = try layout("type=oci,tar=false,compression=zstd,dest=\(out)")
        #expect(types(of: compressed).last == "vnd.oci.image.layer.v1.tar+zstd")
        #expect(try site.read("/x") == "x")
        // One without a name is told from others with the same configuration.
        try Tool.check("rm", "-r", out)
        let nameless = try site.kade.call([
            "build", "-o", "type=oci,tar=false,compression=gzip,dest=\(out)",
            site.folder.at("context"),
        ])
        #expect(nameless.exitCode == 0, "\(nameless.errors)")
        let found = try Tool.check("skopeo", "inspect", "--raw", "oci:\(out)")
        #expect(found.contains("tar+gzip") && !found.contains("tar+zstd"), "\(found)")
        for (output, transport) in [
            ("type=oci,compression=gzip,name=a/b:1", "oci-archive"),
            ("type=docker,compression=gzip,force-compression=true,name=a/b:1", "docker-archive"),
            ("type=docker,name=a/b:1", "docker-archive"),
        ] {
            let file = site.folder.at("image.tar")
            try site.check("-o", "\(output),dest=\(file)")
            let told = try Tool.check("skopeo", "inspect", "\(transport):\(file)")
            #expect(told.contains("Layers"), "\(told)")
            let names = try Tool.check("tar", "-tf", file).split(separator: "\n")
            #expect(names.contains("manifest.json") == (transport == "docker-archive"), "\(names)")
            guard transport == "docker-archive" else { continue }
            let manifest = try Tool.check("tar", "-xOf", file, "manifest.json")
            #expect(manifest.contains("\"Layers\":"), "\(manifest)")
        }
        // The store keeps what the output asked for; another push does not do it again.
        try site.check("-o", "type=image,compression=zstd,compression-level=3")
        let image = try site.json(try site.kade.check("image", "inspect", "made"))
        let digest = try #require(image.array?.first?["Descriptor"]?["digest"]?.string)
        #expect(
            types(of: try site.blob(digest)).last == "vnd.oci.image.layer.v1.tar+zstd")
    }
}
