import Foundation
import OCI
import Testing

/// Results for several platforms, pushed ones, and what is attested of them.
@Suite(.enabled(if: isRoot)) struct BuildOutputTests {
    private func json(_ text: String) throws -> JSONValue {
        try JSONValue.parse(Array(text.utf8), named: "the output")
    }

    /// A blob of the store as JSON.
    private func blob(_ digest: String, of kade: Kade) throws -> JSONValue {
        try json(
            try Tool.check("cat", "\(kade.root)/image/blobs/sha256/\(digest.dropFirst(7))"))
    }

    @Test func `several platforms make an index, and only programs need an emulator`() throws {
        let site = try BuildSite(
            "FROM scratch\nARG TARGETARCH\nCOPY $TARGETARCH /arch",
            context: "echo a > amd64; echo b > arm64; echo c > riscv64")
        let registry = try TestRegistry()
        let name = "\(registry.authority)/team/many:1"
        let output = try site.check(
            as: name, "--platform", "linux/amd64,linux/arm64", "--platform", "linux/riscv64",
            "--push")
        #expect(output.contains("[linux/arm64 2/2] COPY"))
        let index = try json(
            try Tool.check(
                "skopeo", "inspect", "--raw", "--tls-verify=false", "docker://\(name)"))
        #expect(
            index["manifests"]?.array?.compactMap { $0["platform"]?["architecture"]?.string }
                == ["amd64", "arm64", "riscv64"])
        #expect(
            try site.kade.check(
                "image", "inspect", "--platform", "linux/arm64", "-f",
                "{{.Architecture}}", name) == "arm64")
        let directory = site.folder.at("out")
        try site.check("--platform", "linux/amd64,linux/arm64", "-o", directory)
        #expect(try Tool.check("cat", "\(directory)/linux_arm64/arch") == "b\n")
        #expect(
            try site.build("--platform", "linux/amd64,linux/arm64", "-o", "type=tar").errors
                .contains("an archive has the files of one"))
        try site.write("FROM scratch\nRUN x")
        let refused = try site.build("--platform", "linux/riscv64")
        #expect(refused.exitCode == 1)
        #expect(
            refused.errors.contains("qemu-user-static")
                || FileManager.default.fileExists(
                    atPath: "/proc/sys/fs/binfmt_misc/qemu-riscv64")
        )
    }

    @Test func `annotations stand in manifests, in the index, and where it names them`() throws {
        let site = try BuildSite("FROM scratch\nCOPY file /", context: "echo a > file")
        let file = site.folder.at("id")
        try site.check(
            "--platform", "linux/amd64,linux/arm64", "--iidfile", file, "--annotation", "all=1",
            "--annotation", "manifest[linux/arm64]:one=a:b", "--annotation",
            "index,manifest-descriptor:top=2")
        let index = try blob(try String(contentsOfFile: file, encoding: .utf8), of: site.kade)
        #expect(index["annotations"]?["top"]?.string == "2")
        let manifests = try #require(index["manifests"]?.array)
        #expect(manifests.allSatisfy { $0["annotations"]?["top"]?.string == "2" })
        let texts = try manifests.map {
            try blob(try #require($0["digest"]?.string), of: site.kade)["annotations"]
        }
        #expect(texts.map { $0?["all"]?.string } == ["1", "1"])
        #expect(texts.map { $0?["one"]?.string } == [nil, "a:b"])
        try site.check("--annotation", "a.b/c:d=1")
        #expect(
            try Tool.check(
                "sh", "-c", "cat \"$1\"/image/blobs/sha256/*", "sh", site.kade.root
            ).contains(#""annotations":{"a.b/c:d":"1"}"#))
        #expect(try site.build("--annotation", "index:a=1").errors.contains("makes no index"))
        #expect(try site.build("--annotation", "index-descriptor:a=1").exitCode == 125)
    }

    @Test func `an image is pushed under its names`() throws {
        let site = try BuildSite("FROM base\nRUN touch /x")
        let registry = try TestRegistry()
        let names = ["a", "b"].map { "\(registry.authority)/team/\($0):1" }
        try site.kade.check(
            "build", "-q", "-o", "type=image,name=\(names[0]),push=true", site.folder.at("context"))
        try site.kade.check(
            "build", "-q", "-o", "type=registry", "-t", names[1], site.folder.at("context"))
        for name in names {
            #expect(
                try Tool.check(
                    "skopeo", "inspect", "--tls-verify=false", "docker://\(name)"
                ).contains("\"Layers\""))
        }
        let nameless = try site.kade.call(["build", "--push", site.folder.at("context")])
        #expect(nameless.errors.contains("it has no name"))
        #expect(try site.build("--push", "-o", site.folder.at("o")).errors.contains("--output"))
    }

    @Test func `provenance and packages are attested as Docker's builder does`() throws {
        let site = try BuildSite(
            "FROM base\nARG A\nCOPY status /var/lib/dpkg/status\nCOPY apk /lib/apk/db/installed\n"
                + "COPY os /etc/os-release",
            context: """
                printf 'Package: libc6\\nStatus: install ok installed\\nArchitecture: amd64\\nVersion: 2.36-9+x\\n' > status
                printf '\\nPackage: gone\\nStatus: deinstall ok config-files\\nVersion: 1\\n' >> status
                printf 'P:musl\\nV:1.2.5-r0\\nA:x86_64\\nL:MIT\\n\\n' > apk
                printf 'ID=debian\\nVERSION_ID="12"\\n' > os
                """)
        let file = site.folder.at("id")
        try site.check(
            "--provenance=mode=max", "--sbom", "--build-arg", "A=secret", "--iidfile", file)
        let index = try blob(try String(contentsOfFile: file, encoding: .utf8), of: site.kade)
        let manifests = try #require(index["manifests"]?.array)
        #expect(manifests.count == 2)
        #expect(manifests[1]["platform"]?["os"]?.string == "unknown")
        #expect(
            manifests[1]["annotations"]?["vnd.docker.reference.digest"]?.string
                == manifests[0]["digest"]?.string)
        let attestation = try blob(try #require(manifests[1]["digest"]?.string), of: site.kade)
        var statements: [String: JSONValue] = [:]
        for layer in attestation["layers"]?.array ?? [] {
            #expect(layer["mediaType"]?.string == "application/vnd.in-toto+json")
            let type = layer["annotations"]?["in-toto.io/predicate-type"]?.string ?? ""
            statements[type] = try blob(try #require(layer["digest"]?.string), of: site.kade)
        }
        let provenance = try #require(statements["https://slsa.dev/provenance/v0.2"])
        #expect(
            provenance["subject"]?.array?.first?["digest"]?["sha256"]?.string
                == manifests[0]["digest"]?.string.map { String($0.dropFirst(7)) })
        let predicate = provenance["predicate"]
        #expect(
            predicate?["materials"]?.array?.first?["uri"]?.string
                == "pkg:docker/base@latest?platform=linux%2Famd64")
        #expect(
            predicate?["invocation"]?["parameters"]?["args"]?["build-arg:A"]?.string == "secret")
        let document = try #require(statements["https://spdx.dev/Document"])["predicate"]
        let packages = try #require(document?["packages"]?.array)
        #expect(packages.compactMap { $0["name"]?.string } == ["libc6", "musl"])
        let addresses = packages.compactMap {
            $0["externalRefs"]?.array?.first?["referenceLocator"]?.string
        }
        #expect(
            addresses[0] == "pkg:deb/debian/libc6@2.36-9%2Bx?arch=amd64&distro=debian-12")
        // It is an image as any other.
        #expect(try site.kade.check("run", "--rm", "made", "echo", "runs") == "runs")

        try site.check("--provenance", "--build-arg", "A=secret", "--iidfile", file)
        let small = try blob(try String(contentsOfFile: file, encoding: .utf8), of: site.kade)
        let digest = try #require(small["manifests"]?.array?.last?["digest"]?.string)
        let layers = try blob(digest, of: site.kade)["layers"]?.array
        #expect(layers?.count == 1)
        let text = try Tool.check(
            "cat",
            "\(site.kade.root)/image/blobs/sha256/"
                + (try #require(layers?.first?["digest"]?.string)).dropFirst(7))
        #expect(!text.contains("secret"))
        try site.check("--attest", "type=provenance,disabled=true", "--iidfile", file)
        #expect(
            try blob(try String(contentsOfFile: file, encoding: .utf8), of: site.kade)["rootfs"]
                != nil)
    }

    @Test func `a Dockerfile gets more than the sandbox only when that is allowed`() throws {
        let site = try BuildSite(
            "FROM base\nRUN --security=insecure mount -t tmpfs x /tmp && grep CapEff /proc/self/status > /caps"
        )
        let refused = try site.build()
        #expect(refused.exitCode == 1)
        #expect(refused.errors.contains("--allow security.insecure"))
        try site.check("--allow", "security.insecure")
        let all = try site.kade.check(
            "run", "--rm", "--privileged", "base", "grep", "CapEff", "/proc/self/status")
        #expect(try site.read("/caps") == all)
        try site.write("FROM base\nRUN --network=host true")
        #expect(try site.build().errors.contains("network.host is not allowed"))
        try site.check("--allow", "network.host")
        try site.check("--network", "host")
        #expect(try site.build("--allow", "device").exitCode == 125)
    }

    @Test func `files of another build stay in a directory unless the output says so`() throws {
        let site = try BuildSite("FROM scratch\nCOPY new /a/new", context: "echo new > new")
        try site.folder.write("old", to: "out/a/old")
        let output = "type=local,dest=\(site.folder.at("out"))"
        try site.check("-o", output)
        #expect(try site.folder.text("out/a/old") == "old")
        try site.check("-o", output + ",mode=delete")
        #expect(try site.folder.text("out/a/new") == "new\n")
        #expect(!FileManager.default.fileExists(atPath: site.folder.at("out/a/old")))
        #expect(try site.build("-o", output + ",mode=move").errors.contains("no mode 'move'"))
        try site.check(
            "--platform", "linux/amd64,linux/arm64", "-o", output + ",platform-split=false")
        #expect(!FileManager.default.fileExists(atPath: site.folder.at("out/linux_amd64")))
    }

    @Test func `a directory with what the build is made of is not emptied`() throws {
        let site = try BuildSite("FROM scratch\nCOPY new /a/new", context: "echo new > new")
        let folder = site.folder
        try folder.write("kept", to: "out/kept")
        try folder.write("FROM scratch\nCOPY new /a/new", to: "out/Other")
        try Tool.check("ln", "-s", folder.at("context"), folder.at("link"))
        try Tool.check("ln", "-s", folder.at("out/Other"), folder.at("Linked"))
        try Tool.check("mkdir", folder.at("out/named"), folder.at("out/inner"))
        func refusal(_ directory: String, _ flags: String...) throws -> String {
            let outcome = try site.kade.call(
                ["build", "-o", "type=local,dest=\(directory),mode=delete"] + flags
                    + [folder.at("context")])
            #expect(outcome.exitCode == 1, "\(outcome)")
            return outcome.errors
        }
        for directory in [folder.at("context"), folder.path, folder.at("link")] {
            #expect(try refusal(directory).contains("the build's context"), "\(directory)")
        }
        let out = folder.at("out")
        #expect(try refusal(out, "-f", folder.at("out/Other")).contains("the Dockerfile"))
        #expect(try refusal(out, "-f", folder.at("Linked")).contains("the Dockerfile"))
        #expect(
            try refusal(out, "--build-context", "x=\(folder.at("out/named"))")
                .contains("the context x"))
        #expect(
            try refusal(out, "--secret", "id=s,src=\(folder.at("out/kept"))")
                .contains("the secret s"))
        #expect(try refusal(site.kade.root).contains("Kade's data root"))
        let build = site.kade.commandLine(
            in: folder.at("out/inner"),
            ["build", "-o", "type=local,dest=..,mode=delete", folder.at("context")])
        let inside = try Tool.start(build).wait()
        #expect(inside.errors.contains("the current directory would go"), "\(inside)")
        // Nothing was built, and nothing is gone.
        #expect(try folder.text("out/kept") == "kept")
        #expect(try folder.text("context/new") == "new\n")
        #expect(FileManager.default.fileExists(atPath: site.kade.root + "/kade.db"))
        try site.check("-o", "type=local,dest=\(out),mode=delete")
        #expect(try Tool.check("ls", out) == "a\n")
        // A directory in the context, or one that is not there, may be.
        for directory in ["context/out", "context/none"] {
            try site.check("-o", "type=local,dest=\(folder.at(directory)),mode=delete")
            #expect(try folder.text("\(directory)/a/new") == "new\n")
        }
    }

    @Test func `a time that is none, or beyond all dates, is refused`() throws {
        let site = try BuildSite("FROM scratch\nCOPY new /new", context: "echo new > new")
        for time in ["-1", "99999999999999", "9223372036854775807"] {
            for flags in [["--timestamp=\(time)"], ["--build-arg=SOURCE_DATE_EPOCH=\(time)"]] {
                let refused = try site.kade.call(
                    ["build"] + flags + [site.folder.at("context")])
                #expect(refused.exitCode == 1, "\(refused)")
                #expect(
                    refused.errors.contains("no number of seconds since 1970"), "\(refused)")
            }
        }
    }

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
        let index = try json(
            try Tool.check(
                "skopeo", "inspect", "--raw", "--tls-verify=false", "docker://\(attested)"))
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
            let told = try json(try site.folder.text("metadata"))
            let found = try Tool.check(
                "skopeo", "inspect", "--tls-verify=false", "-f", "{{.Digest}}", "docker://\(name)")
            #expect(
                told["containerimage.digest"]?.string
                    == found.trimmingCharacters(in: .whitespacesAndNewlines))
            let manifest = try json(
                try Tool.check(
                    "skopeo", "inspect", "--raw", "--tls-verify=false", "docker://\(name)"))
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
        let manifest = try json(
            try Tool.check(
                "skopeo", "inspect", "--raw", "--tls-verify=false", "docker://\(name)"))
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
        let list = try json(
            try Tool.check(
                "skopeo", "inspect", "--raw", "--tls-verify=false", "docker://\(many)"))
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
        let later = try json(
            try Tool.check(
                "skopeo", "inspect", "--raw", "--tls-verify=false", "docker://\(plain)"))
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
            let index = try json(try Tool.check("sh", "-c", "cat \"$0\"/index.json", path))
            let digest = try #require(index["manifests"]?.array?.first?["digest"]?.string)
            return try json(try Tool.check("cat", "\(path)/blobs/sha256/\(digest.dropFirst(7))"))
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
            let magic = try Tool.check(
                "sh", "-c",
                "tar -xOf \"$0\" manifest.json 2>/dev/null | grep -o '\"Layers\":.*' || true",
                file)
            #expect(magic.isEmpty == (transport == "oci-archive"), "\(magic)")
        }
        // The store keeps what the output asked for; another push does not do it again.
        try site.check("-o", "type=image,compression=zstd,compression-level=3")
        let image = try json(try site.kade.check("image", "inspect", "made"))
        let digest = try #require(image.array?.first?["Descriptor"]?["digest"]?.string)
        #expect(
            types(of: try blob(digest, of: site.kade)).last == "vnd.oci.image.layer.v1.tar+zstd")
    }

    @Test func `several outputs are all made`() throws {
        let site = try BuildSite("FROM base\nRUN echo x > /x")
        let registry = try TestRegistry()
        let names = ["one", "two"].map { "\(registry.authority)/\($0):1" }
        try site.check(
            "-o", "type=local,dest=\(site.folder.at("files"))", "-o",
            "type=tar,dest=\(site.folder.at("files.tar"))", "-o", "type=image", "-o",
            "type=registry,\"name=\(names[0]),\(names[1])\",annotation.a.b=c,"
                + "annotation-manifest[linux/amd64].d=e")
        #expect(try site.folder.text("files/x") == "x\n")
        #expect(try Tool.check("tar", "-xOf", site.folder.at("files.tar"), "x") == "x\n")
        #expect(try site.read("/x") == "x")
        for name in names {
            let raw = try json(
                try Tool.check(
                    "skopeo", "inspect", "--raw", "--tls-verify=false", "docker://\(name)"))
            #expect(raw["annotations"]?["a.b"]?.string == "c")
            #expect(raw["annotations"]?["d"]?.string == "e")
        }
        for (output, why) in [
            ("type=image,name=a,name=b", "'name' is given twice"),
            ("type=image,\"name=a", "no second"), ("type=image,push-by-digest=true", "here"),
            ("type=image,rewrite-timestamp=false", "no rewrite-timestamp=false"),
            ("type=image,annotation=x", "names no annotation"),
        ] {
            let refused = try site.build("-o", output)
            #expect(refused.exitCode == 125 && refused.errors.contains(why), "\(refused)")
        }
    }

    @Test func `an agent of SSH answers in RUN, and is not in the image`() throws {
        let site = try BuildSite(
            "FROM base\nCOPY tool /\nRUN --mount=type=ssh ssh-add -l > /keys; echo $SSH_AUTH_SOCK > /where\n"
                + "RUN --mount=type=ssh,id=other,target=/agent,required=true ssh-add -l > /other\n"
                // Keys are not taken away, and another user has the socket that is its own.
                + "RUN --mount=type=ssh if ssh-add -D; then exit 1; fi\n"
                + "USER 1000\nRUN --mount=type=ssh,uid=1000,gid=1000 ssh-add -l | grep of-the-test\n"
                + "RUN --mount=type=ssh if ssh-add -l; then exit 1; fi",
            context: """
                mkdir -p tool/bin
                cp "$(command -v ssh-add)" tool/bin/
                ldd tool/bin/ssh-add | grep -o '/[^ ]*' | while read -r f; do
                    case "$f" in /lib/*) t=tool/usr$f ;; *) t=tool$f ;; esac
                    mkdir -p "$(dirname "$t")"; cp -L "$f" "$t"; done
                ssh-keygen -q -t ed25519 -N '' -C key-of-the-test -f key
                """)
        let socket = site.folder.at("agent")
        let agent = try Tool.start(site.kade.entry + ["ssh-agent", "-D", "-a", socket])
        defer {
            agent.signal(SIGKILL)
            agent.process.waitUntilExit()
        }
        try site.kade.wait { FileManager.default.fileExists(atPath: socket) }
        try Tool.check(
            site.kade.entry + ["ssh-add", "-q", site.folder.at("context/key")],
            environment: ["SSH_AUTH_SOCK": socket])
        let outcome = try Tool.start(
            site.kade.commandLine([
                "build", "-t", "made", "--ssh", "default", "--ssh", "other=\(socket)",
                site.folder.at("context"),
            ]), environment: ["SSH_AUTH_SOCK": socket]
        ).wait()
        #expect(outcome.exitCode == 0, "\(outcome.errors)")
        #expect(try site.read("/keys").contains("key-of-the-test"))
        #expect(try site.read("/other").contains("key-of-the-test"))
        #expect(try site.read("/where") == "/run/buildkit/ssh_agent.0")
        #expect(try site.kade("run", "--rm", "made", "ls", "/run/buildkit").exitCode == 1)
        #expect(
            try site.build("--ssh", "other=\(socket)x").errors.contains("cannot give --ssh other"))
        let both = try site.build("--ssh", "other=\(socket),\(site.folder.at("context/key"))")
        #expect(both.errors.contains("one socket of an agent, or keys"))
    }

    @Test func `keys are given to an agent of the build's own`() throws {
        let site = try BuildSite(
            "FROM base\nCOPY tool /\nRUN --mount=type=ssh ssh-add -l > /keys",
            context: """
                mkdir -p tool/bin
                cp "$(command -v ssh-add)" tool/bin/
                ldd tool/bin/ssh-add | grep -o '/[^ ]*' | while read -r f; do
                    case "$f" in /lib/*) t=tool/usr$f ;; *) t=tool$f ;; esac
                    mkdir -p "$(dirname "$t")"; cp -L "$f" "$t"; done
                ssh-keygen -q -t ed25519 -N '' -C one -f one
                ssh-keygen -q -t rsa -b 2048 -N '' -C two -f two
                ssh-keygen -q -t ed25519 -N secret -C three -f three
                chmod 644 two
                """)
        let keys = ["one", "two", "three"].map { site.folder.at("context/\($0)") }
        try site.check("--ssh", "default=\(keys[0]),\(keys[1])")
        let found = try site.read("/keys")
        #expect(found.contains("one (ED25519)") && found.contains("two (RSA)"), "\(found)")
        let locked = try site.build("--ssh", "default=\(keys[2])")
        #expect(locked.errors.contains("cannot start an agent for \(keys[2])"))
        #expect(locked.errors.contains("a key with a passphrase goes to an agent"))
        // The agents have gone, and their keys with them.
        try site.kade.wait { try agents(of: site).isEmpty }
    }

    /// The agents that serve below a test's data root.
    private func agents(of site: BuildSite) throws -> [String] {
        try site.kade.processes().filter { _, line in
            String(decoding: line, as: UTF8.self).contains("ssh-agent")
        }.map { "\($0.key)" }
    }
}
