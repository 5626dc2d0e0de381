import Foundation
import Testing

/// Pushes to Debian's docker-registry, read by other tools.
@Suite struct PushTests {
    let folder: TemporaryFolder
    let images: TestImages
    let registry: TestRegistry
    let kade: Kade

    init() throws {
        folder = try TemporaryFolder()
        images = try TestImages()
        registry = try TestRegistry()
        kade = try Kade()
        try TestImages.tree(in: folder, named: "base", sizeInBytes: 300_000)
        try TestImages.tree(in: folder, named: "top", sizeInBytes: 10_000)
    }

    private var trees: [String] { [folder.at("base"), folder.at("top")] }

    /// Makes an image of a layout one of the store, under a name.
    private func load(_ blob: TestImages.Blob, as name: String) throws {
        // Loading takes the name of the layout's index, which must be a whole one.
        try kade.check("load", "-q", "-i", images.path)
        #expect(try kade.check("images", "--no-trunc", "-q").contains("sha256:"))
        #expect(try kade("inspect", name).exitCode == 0)
    }

    private func digest(_ reference: String) throws -> String {
        try Tool.check(
            "skopeo", "inspect", "--tls-verify=false", "--format", "{{.Digest}}",
            "docker://\(reference)"
        ).trimmingCharacters(in: .whitespacesAndNewlines)
    }

    @Test(arguments: TestImages.Compression.allCases)
    func `what is pushed is what skopeo and Kade pull`(
        compression: TestImages.Compression
    ) throws {
        let name = "\(registry.authority)/team/app:1"
        let blob = try images.add(.init(trees: trees, compression: compression), as: name)
        try load(blob, as: name)
        let flags = compression == .none ? ["--compression-format=uncompressed"] : []
        let output = try kade.call(["push"] + flags + [name]).output
        #expect(output.contains("The push refers to repository [\(registry.authority)/team/app]"))
        #expect(output.contains("1: digest: \(blob.digest) size: \(blob.size)"))
        for layer in blob.layers {
            #expect(output.contains("\(layer.dropFirst(7).prefix(12)): Pushed"))
        }
        #expect(try digest(name) == blob.digest)
        try Tool.check(
            "skopeo", "copy", "-q", "--insecure-policy", "--src-tls-verify=false",
            "--preserve-digests", "docker://\(name)", "dir:\(folder.at("copy"))")
        let other = try Kade()
        try other.check("pull", "-q", name)
        #expect(
            try other.check("run", "--rm", name, "busybox", "cat", "/etc/top") == "hello from top")

        let again = try kade.check("push", name)
        #expect(again.contains("Layer already exists"))
        #expect(!again.contains("Pushed"))
        #expect(try kade.check("push", "-q", name) == name)
    }

    @Test(arguments: ["", "gzip", "zstd", "uncompressed"])
    func `plain layers are compressed, and the name means what the registry has`(
        format: String
    ) throws {
        let kade = try Kade.withBusybox()
        let name = "\(registry.authority)/team/plain:1"
        try kade.check("tag", "busybox", name)
        let id = try kade.check("images", "-q", "--no-trunc", "busybox")
        let flags = format.isEmpty ? [] : ["--compression-format", format]
        let pushed = try kade.call(["push"] + flags + [name])
        #expect(pushed.exitCode == 0, "\(pushed.errors)")
        let raw = try Tool.check(
            "skopeo", "inspect", "--raw", "--tls-verify=false", "docker://\(name)")
        let suffix = format == "uncompressed" ? "" : "+\(format.isEmpty ? "gzip" : format)"
        #expect(raw.contains("\"application/vnd.oci.image.layer.v1.tar\(suffix)\""), "\(raw)")
        let remote = try digest(name)
        let own = try kade.check("image", "inspect", "-f", "{{.Id}} {{.RepoDigests}}", name)
        #expect(own.hasPrefix(id))
        #expect(own.contains("\(registry.authority)/team/plain@\(remote)"), "\(own)")
        #expect(try kade.check("images", "-f", "dangling=true", "-q").isEmpty)
        #expect(try kade.check("run", "--rm", name, "echo", "same") == "same")
        #expect(try kade("system", "check").exitCode == 0)
        // Once compressed, always the same.
        let again = try kade.call(["push"] + flags + [name]).output
        #expect(again.contains("Layer already exists") && again.contains(remote))
        let other = try Kade()
        try other.check("pull", "-q", name)
        #expect(try other.check("images", "-q", "--no-trunc") == id)
    }

    @Test(arguments: [
        ("estargz", "containerd.io/snapshot/stargz/toc.digest"),
        ("zstd:chunked", "io.github.containers.zstd-chunked.manifest-position"),
    ])
    func `layers go with a table of contents and come back without`(
        format: String, annotation: String
    ) throws {
        let kade = try Kade.withBusybox()
        let name = "\(registry.authority)/team/parts:1"
        func raw() throws -> String {
            try Tool.check("skopeo", "inspect", "--raw", "--tls-verify=false", "docker://\(name)")
        }
        try kade.check("tag", "busybox", name)
        try kade.check("push", "-q", "--compression-format", format, name)
        let first = try raw()
        #expect(first.contains("\"\(annotation)\""))
        let other = try Kade()
        try other.check("pull", "-q", name)
        for kade in [kade, other] {
            #expect(try kade.check("run", "--rm", name, "echo", "same") == "same")
            #expect(try kade("system", "check").exitCode == 0)
        }
        try kade.check("push", "-q", "--compression-format", format, "--force-compression", name)
        #expect(try raw() == first)
        try kade.check("push", "-q", "--compression-format=zstd", name)
        #expect(try raw() == first)
        try kade.check(
            "push", "-q", "--compression-format=zstd", "--compression-level=9",
            "--force-compression", name)
        #expect(try raw().contains("tar+zstd"))
        #expect(try !raw().contains(annotation))
        #expect(try kade.check("run", "--rm", name, "echo", "same") == "same")
        let wrong = try kade("push", "--compression-format=gzip", "--compression-level=10", name)
        #expect(wrong.errors.contains("gzip has no level 10"), "\(wrong.errors)")
    }

    @Test func `an index goes with all its platforms, and one of them alone`() throws {
        let name = "\(registry.authority)/team/app:all"
        let parts = try ["amd64", "arm64"].map {
            try images.add(.init(trees: trees, architecture: $0))
        }
        let index = try images.addIndex(of: parts, as: name)
        try load(index, as: name)
        #expect(try kade.check("push", name).contains("all: digest: \(index.digest)"))
        try Tool.check(
            "skopeo", "copy", "-q", "--all", "--insecure-policy", "--src-tls-verify=false",
            "--preserve-digests", "docker://\(name)", "dir:\(folder.at("copy"))")

        let one = "\(registry.authority)/team/arm:1"
        try kade.check("tag", name, one)
        #expect(
            try kade.check("push", "--platform", "linux/arm64", one)
                .contains("1: digest: \(parts[1].digest)"))
        let none = try kade("push", "--platform", "linux/riscv64", one)
        #expect(none.exitCode == 1)
        #expect(none.errors.contains("linux/amd64, linux/arm64"))
    }

    @Test func `an index of which one platform was pulled goes as that platform`() throws {
        let parts = try ["amd64", "arm64"].map {
            try images.add(.init(trees: trees, architecture: $0))
        }
        try images.addIndex(of: parts, as: "it")
        try registry.push(images, "it", to: "team/app:1")
        let other = try TestRegistry()
        let (from, to) = ("\(registry.authority)/team/app:1", "\(other.authority)/team/app:1")
        try kade.check("pull", "-q", from)
        try kade.check("tag", from, to)
        let output = try kade.check("push", to)
        #expect(output.contains("only the available single-platform image was pushed"))
        #expect(output.contains("1: digest: \(parts[0].digest)"))
        #expect(try digest(to) == parts[0].digest)
    }

    @Test func `blobs of another repository are taken over`() throws {
        let blob = try images.add(.init(trees: trees), as: "it")
        try registry.push(images, "it", to: "team/app:1")
        let (from, to) = ("\(registry.authority)/team/app:1", "\(registry.authority)/copies/app:2")
        try kade.check("pull", "-q", from)
        try kade.check("tag", from, to)
        try kade.check("rmi", from)
        let output = try kade.check("push", to)
        #expect(output.components(separatedBy: "Mounted from team/app").count == 3)
        #expect(try digest(to) == blob.digest)
    }

    @Test func `Docker's schema 2 goes as it came`() throws {
        try images.add(.init(trees: trees), as: "it")
        try registry.push(images, "it", to: "team/app:1", format: "v2s2")
        let other = try TestRegistry()
        let (from, to) = ("\(registry.authority)/team/app:1", "\(other.authority)/team/app:1")
        try kade.check("pull", "-q", from)
        try kade.check("tag", from, to)
        try kade.check("push", "-q", to)
        #expect(try digest(to) == digest(from))
        let text = try Tool.check(
            "skopeo", "inspect", "--tls-verify=false", "--raw", "docker://\(to)")
        #expect(text.contains("application/vnd.docker.distribution.manifest.v2+json"))
    }

    @Test func `a damaged blob is not taken, and the error says what to do`() throws {
        let name = "\(registry.authority)/team/app:1"
        let blob = try images.add(.init(trees: trees), as: name)
        try load(blob, as: name)
        try Tool.check(
            "dd", "if=/dev/zero", "bs=1", "count=5", "seek=1000", "conv=notrunc",
            "of=\(kade.root)/image/blobs/sha256/\(blob.layers[0].dropFirst(7))")
        let push = try kade("push", name)
        #expect(push.exitCode == 1)
        #expect(push.errors.contains("DIGEST_INVALID"))
        #expect(push.errors.contains("pull the image again"))
        #expect(
            try Tool.run("skopeo", "inspect", "--tls-verify=false", "docker://\(name)").exitCode
                != 0)
    }

    @Test(arguments: [
        ("x", "'x' is no compression level"), ("1.5", "'1.5' is no compression level"),
        ("10", "gzip has no level 10"), ("-1", "gzip has no level -1"),
        ("99999999999999999999", "is no compression level"),
    ])
    func `a level of compression that is none is refused`(level: String, why: String) throws {
        let folder = try TemporaryFolder()
        let program = BuiltProgram.path("kade-server")
        for flags in [["--compression-level=\(level)"], ["--compression-level", level]] {
            let outcome = try Tool.start(
                [program, "push", "--root", folder.path] + flags + ["127.0.0.1:1/a:b"]
            ).wait()
            #expect(outcome.exitCode != 0)
            #expect((outcome.output + outcome.errors).contains(why), "\(outcome)")
        }
    }

    @Test func `all tags go, and nothing of other repositories`() throws {
        let repository = "\(registry.authority)/team/app"
        let blob = try images.add(.init(trees: trees), as: "\(repository):one")
        try load(blob, as: "\(repository):one")
        try kade.check("tag", "\(repository):one", "\(repository):two")
        try kade.check("tag", "\(repository):one", "\(registry.authority)/team/other:three")
        let output = try kade.check("push", "-a", repository)
        #expect(output.contains("one: digest: \(blob.digest)"))
        #expect(output.contains("two: digest: \(blob.digest)"))
        #expect(!output.contains("three"))
        #expect(try kade("push", "-a", "\(repository):one").errors.contains("tag can't be used"))
        let tags = try Tool.check(
            "skopeo", "list-tags", "--tls-verify=false", "docker://\(repository)")
        #expect(tags.contains("\"one\"") && tags.contains("\"two\""))
    }

    @Test func `what cannot be pushed is an error`() throws {
        let missing = try kade("push", "\(registry.authority)/no/such:1")
        #expect(missing.exitCode == 1)
        #expect(missing.errors.contains("An image does not exist locally with the tag"))
        let digest = "\(registry.authority)/a@sha256:" + String(repeating: "0", count: 64)
        #expect(try kade("push", digest).errors.contains("cannot push a digest reference"))

        let name = "\(registry.authority)/team/app:1"
        let blob = try images.add(.init(trees: trees), as: name)
        try load(blob, as: name)
        try FileManager.default.removeItem(
            atPath: "\(kade.root)/image/blobs/sha256/\(blob.layers[0].dropFirst(7))")
        let lost = try kade("push", name)
        #expect(lost.exitCode == 1)
        #expect(lost.errors.contains("\(blob.layers[0]) is not in the store any more"))
    }

    @Test func `a registry with a password gets the stored one`() throws {
        let locked = try TestRegistry(withPassword: true)
        let name = "\(locked.authority)/team/app:1"
        let blob = try images.add(.init(trees: trees), as: name)
        try load(blob, as: name)
        let denied = try kade("push", name)
        #expect(denied.exitCode == 1)
        #expect(denied.errors.contains("it wants a user name and a password"))
        let secret = Data("\(TestRegistry.user):\(TestRegistry.password)".utf8)
        try folder.write(
            #"{"auths": {"\#(locked.authority)": {"auth": "\#(secret.base64EncodedString())"}}}"#,
            to: "docker/config.json")
        let outcome = try Tool.start(
            kade.commandLine(["push", name]), environment: ["DOCKER_CONFIG": folder.at("docker")]
        ).wait()
        #expect(outcome.exitCode == 0, "\(outcome.errors)")
    }

    @Test(.enabled(if: isRoot)) func `podman and docker pull what Kade pushed`() throws {
        let name = "\(registry.authority)/team/app:1"
        let blob = try images.add(
            .init(trees: trees, defaults: ["Cmd": ["/bin/sh"], "Env": ["PATH=/bin"]]), as: name)
        try load(blob, as: name)
        try kade.check("push", name)
        let outcome = try Tool.run(
            "unshare", "-m", "--propagation", "private", "sh", "-c",
            """
            mount -t tmpfs -o mode=755 tmpfs /run
            podman --root "$1/graph" --runroot "$1/run" pull -q --tls-verify=false "$2" >/dev/null \\
                && podman --root "$1/graph" --runroot "$1/run" image inspect \\
                    --format '{{index .RepoDigests 0}}' "$2"
            export DOCKER_HOST=unix:///run/docker.sock DOCKER_CONFIG="$1"
            dockerd --data-root "$1/data" --exec-root /run/docker --pidfile /run/docker.pid \\
                --host "$DOCKER_HOST" --iptables=false --ip6tables=false --ip-forward=false \\
                --bridge=none > "$1/log" 2>&1 &
            daemon=$!
            trap 'kill $daemon; wait $daemon' EXIT
            for _ in $(seq 1200); do docker version > /dev/null 2>&1 && break; sleep 0.1; done
            docker pull -q "$2" && docker image inspect --format '{{index .RepoDigests 0}}' "$2"
            """, "sh", folder.at("peers"), name)
        let named = "\(registry.authority)/team/app@\(blob.digest)"
        #expect(outcome.lines == [named, name, named], "\(outcome.errors)")
        _ = try Tool.run("rm", "-rf", "--one-file-system", folder.at("peers"))
    }
}
