import Foundation
import Testing

/// Pulls from Debian's docker-registry.
@Suite struct PullTests {
    let folder: TemporaryFolder
    let images: TestImages
    let root: String

    init() throws {
        folder = try TemporaryFolder()
        images = try TestImages()
        root = folder.at("data")
        try TestImages.tree(in: folder, named: "base", sizeInBytes: 300_000)
        try TestImages.tree(in: folder, named: "top", sizeInBytes: 200_000)
    }

    private func image(
        _ compression: TestImages.Compression = .gzip, architecture: String = "amd64",
        variant: String? = nil
    ) -> TestImages.Image {
        TestImages.Image(
            trees: [folder.at("base"), folder.at("top")], compression: compression,
            architecture: architecture, variant: variant)
    }

    @Test(arguments: TestImages.Compression.allCases)
    func `an image is stored, unpacked and named`(compression: TestImages.Compression) throws {
        let manifest = try images.add(image(compression), as: "it")
        let registry = try TestRegistry()
        try registry.push(images, "it", to: "team/app:1")
        let reference = "\(registry.authority)/team/app:1"

        let pull = try Pull.run(reference, into: root)

        #expect(pull.outcome.exitCode == 0, "\(pull.problem)")
        #expect(pull.event("resolved")?["digest"] as? String == manifest.digest)
        #expect(pull.event("done")?["status"] as? String == "downloaded")
        for layer in manifest.layers {
            #expect(pull.statuses(ofLayer: layer).first == "waiting")
            #expect(pull.statuses(ofLayer: layer).last == "done")
        }
        try expectReadable(root, reference)
        for tree in ["base", "top"] {
            let unpacked = try #require(try unpackedLayer(root, with: "etc/\(tree)"))
            try Tool.check("diff", "-r", "--no-dereference", folder.at(tree), unpacked)
        }
    }

    @Test func `a second pull finds everything and fetches nothing`() throws {
        let manifest = try images.add(image(), as: "it")
        let server = try MisbehavingRegistry(serving: images, fault: .none)
        let reference = "\(server.authority)/a/b:it"
        #expect(try Pull.run(reference, into: root).outcome.exitCode == 0)
        let before = try server.requests().count

        let pull = try Pull.run(reference, into: root)

        #expect(pull.event("done")?["status"] as? String == "upToDate")
        #expect(manifest.layers.map { pull.statuses(ofLayer: $0).last } == ["exists", "exists"])
        let later = try server.requests().dropFirst(before)
        #expect(later.filter { $0.path != "/v2/" }.map(\.method) == ["HEAD"])
    }

    @Test func `a tag that moved is pulled again, and shared layers are not`() throws {
        let registry = try TestRegistry()
        let reference = "\(registry.authority)/a:latest"
        var first = image()
        first.trees = [folder.at("base")]
        let old = try images.add(first, as: "old")
        let new = try images.add(image(), as: "new")
        try registry.push(images, "old", to: "a:latest")
        #expect(try Pull.run("\(registry.authority)/a", into: root).outcome.exitCode == 0)
        try registry.push(images, "new", to: "a:latest")

        let pull = try Pull.run(reference, into: root)

        #expect(pull.event("done")?["status"] as? String == "downloaded")
        #expect(old.layers == [new.layers[0]])
        #expect(pull.statuses(ofLayer: new.layers[0]) == ["waiting", "exists"])
        #expect(pull.statuses(ofLayer: new.layers[1]).last == "done")
    }

    @Test(arguments: [
        ([], "amd64"), (["--platform", "linux/arm64"], "arm64"),
        (["--platform=linux/arm/v7"], "armv6"), (["--platform", "aarch64"], "arm64"),
    ])
    func `an index gives the image of the platform`(flags: [String], expected: String) throws {
        var attestation = try images.add(image(architecture: "unknown"))
        attestation.platform = ["os": "unknown", "architecture": "unknown"]
        let parts = [
            "amd64": try images.add(image(architecture: "amd64")),
            "arm64": try images.add(image(architecture: "arm64", variant: "v8")),
            "armv6": try images.add(image(architecture: "arm", variant: "v6")),
        ]
        let nested = try images.addIndex(of: parts.values.sorted { $0.digest < $1.digest })
        var outer = nested
        outer.platform = nil
        let index = try images.addIndex(of: [attestation] + parts.values, as: "multi")
        try images.addIndex(of: [attestation, outer], as: "nested")
        let server = try MisbehavingRegistry(serving: images, fault: .none)

        for name in ["multi", "nested"] {
            let reference = "\(server.authority)/a/b:\(name)"
            let pull = try Pull(
                Pull.start(reference, into: folder.at("data-\(name)"), flags).wait())
            #expect(pull.outcome.exitCode == 0, "\(pull.problem)")
            if name == "multi" {
                #expect(pull.event("done")?["manifest"] as? String == index.digest)
            }
            let manifest = try #require(parts[expected])
            #expect(try server.requests(forBlob: manifest.digest).isEmpty == false)
        }
    }

    @Test func `a platform that an image does not have lists those that it has`() throws {
        try images.addIndex(of: [try images.add(image(architecture: "s390x"))], as: "multi")
        try images.add(image(architecture: "s390x"), as: "single")
        let registry = try TestRegistry()
        for name in ["multi", "single"] {
            try registry.push(images, name, to: "a:\(name)")
            let pull = try Pull.run(
                "\(registry.authority)/a:\(name)", into: root, "--platform", "linux/arm64")
            #expect(pull.outcome.exitCode == 1)
            #expect(pull.problem.hasPrefix("notFound"))
            #expect(pull.problem.contains("linux/s390x"))
        }
    }

    @Test(arguments: ["one", "list"])
    func `Docker's schema 2 is pulled like OCI's, and read by others`(name: String) throws {
        let one = try images.add(image(), as: "one")
        let other = try images.add(image(architecture: "arm64"))
        try images.addIndex(of: [other, one], as: "list")
        let registry = try TestRegistry()
        try registry.push(images, name, to: "a:docker", format: "v2s2")
        let reference = "\(registry.authority)/a:docker"

        let pull = try Pull.run(reference, into: root)

        #expect(pull.outcome.exitCode == 0, "\(pull.problem)")
        let digest = try #require(pull.event("done")?["manifest"] as? String)
        try expectReadable(root, reference)
        // The registry's own text is kept beside the translation that skopeo needs.
        let blob = "\(root)/image/blobs/sha256/\(digest.dropFirst("sha256:".count))"
        #expect(try Tool.check("cat", blob).contains("application/vnd.docker.distribution"))
        #expect(try unpackedLayer(root, with: "etc/top") != nil)
    }

    @Test func `a digest names the manifest itself`() throws {
        let manifest = try images.add(image(), as: "it")
        let registry = try TestRegistry()
        try registry.push(images, "it", to: "a:it")
        let reference = "\(registry.authority)/a@\(manifest.digest)"

        #expect(try Pull.run(reference, into: root).outcome.exitCode == 0)
        let again = try Pull.run(reference, into: root)

        #expect(again.event("done")?["status"] as? String == "upToDate")
        try expectReadable(root, reference)
    }

    @Test func `what does not exist is a clear error, and nothing is named`() throws {
        let registry = try TestRegistry()
        let pull = try Pull.run("\(registry.authority)/no/such:tag", into: root)
        #expect(pull.outcome.exitCode == 1)
        #expect(pull.problem.hasPrefix("notFound: cannot pull \(registry.authority)/no/such:tag"))
        let nobody = try Pull.run("127.0.0.1:1/a", into: root)
        #expect(nobody.problem.hasPrefix("unavailable"))
        #expect(nobody.problem.contains("onnection refused"))
    }

    @Test func `passwords come from the files of docker and podman, and from helpers`() throws {
        try images.add(image(), as: "it")
        let registry = try TestRegistry(withPassword: true)
        try registry.push(images, "it", to: "a:it")
        let reference = "\(registry.authority)/a:it"
        let secret = Data("\(TestRegistry.user):\(TestRegistry.password)".utf8)
        let auths =
            #"{"auths": {"\#(registry.authority)": {"auth": "\#(secret.base64EncodedString())"}}}"#
        try folder.write(auths, to: "docker/config.json")
        try folder.write(auths, to: "run/containers/auth.json")
        try folder.write(
            #"{"credHelpers": {"\#(registry.authority)": "kadetest"}}"#, to: "helper/config.json")
        try folder.write(
            """
            #!/bin/sh
            [ "$1" = get ] && [ "$(cat)" = "\(registry.authority)" ] || exit 1
            echo '{"Username": "\(TestRegistry.user)", "Secret": "\(TestRegistry.password)"}'
            """, to: "bin/docker-credential-kadetest")
        try Tool.check("chmod", "755", folder.at("bin/docker-credential-kadetest"))

        let anonymous = try Pull.run(reference, into: folder.at("data0"))
        #expect(anonymous.problem.hasPrefix("denied"))
        #expect(anonymous.problem.contains("wants a user name and a password"))
        let ways: [[String: String]] = [
            ["DOCKER_CONFIG": folder.at("docker")], ["XDG_RUNTIME_DIR": folder.at("run")],
            [
                "DOCKER_CONFIG": folder.at("helper"),
                "PATH": folder.at("bin") + ":/usr/bin:/bin",
            ],
        ]
        for (number, environment) in ways.enumerated() {
            let pull = try Pull.run(
                reference, into: folder.at("data\(number + 1)"), environment: environment)
            #expect(pull.outcome.exitCode == 0, "\(environment): \(pull.problem)")
        }
    }

    @Test func `flags that are wrong or not supported say so`() throws {
        #expect(try Pull.run("a", into: root, "--nonsense").problem.contains("--nonsense"))
        #expect(try Pull.run("UPPER/case:x y", into: root).problem.hasPrefix("invalid"))
        #expect(try Pull.run("a", into: root, "--platform", "a/b/c/d").problem.hasPrefix("invalid"))
        let serve = try Tool.run(BuiltProgram.path("kade-server"), "serve")
        #expect(serve.exitCode == 1)
        #expect(serve.errors.contains("cannot serve"))
    }

    @Test func `a newer image is taken where there is one, and what is here will do`() throws {
        let registry = try TestRegistry()
        let images = try TestImages()
        let folder = try TemporaryFolder()
        let kade = try Kade()
        let name = "\(registry.authority)/a:1"
        for text in ["first", "second"] {
            try TestImages.tree(in: folder, named: text, sizeInBytes: 1000)
            try images.add(.init(trees: [folder.at(text)]), as: text)
            try registry.push(images, text, to: "a:1")
            #expect(
                try kade.check(
                    "run", "--rm", "-q", "--pull", "newer", name, "busybox", "ls", "/etc"
                )
                .contains(text))
        }
        let gone = "127.0.0.1:1/a:1"
        try kade.check("tag", name, gone)
        let outcome = try kade("run", "--rm", "-q", "--pull=newer", gone, "busybox", "ls", "/etc")
        #expect(outcome.exitCode == 0 && outcome.output.contains("second"))
        #expect(outcome.errors.contains("using the image that is here"))
        let none = try kade("run", "--rm", "--pull=newer", "127.0.0.1:1/none:1", "true")
        #expect(none.exitCode == 125)
    }
}
