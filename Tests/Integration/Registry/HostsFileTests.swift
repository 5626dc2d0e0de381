import Foundation
import Testing

/// containerd's `hosts.toml` at work.
@Suite struct HostsFileTests {
    let folder: TemporaryFolder
    let images: TestImages
    let root: String
    let blob: TestImages.Blob

    init() throws {
        folder = try TemporaryFolder()
        images = try TestImages()
        root = folder.at("data")
        try TestImages.tree(in: folder, named: "tree", sizeInBytes: 100_000)
        blob = try images.add(.init(trees: [folder.at("tree")]), as: "it")
    }

    /// Says in the user's own directory how a registry is reached.
    private func write(
        _ text: String, for registry: String, under place: String = ".config/containerd/certs.d"
    ) throws {
        let directory = "\(place)/\(registry)"
        try FileManager.default.createDirectory(
            atPath: folder.at(directory), withIntermediateDirectories: true)
        try folder.write(text, to: "\(directory)/hosts.toml")
    }

    private var environment: [String: String] {
        [
            "HOME": folder.path, "CONTAINERS_REGISTRIES_CONF": folder.at("registries.conf"),
            "CONTAINERS_REGISTRIES_CONF_DIR": folder.at("none"),
        ]
    }

    private func pull(_ reference: String) throws -> Pull {
        try Pull.run(reference, into: root, environment: environment)
    }

    @Test(arguments: ["r.invalid:5000", "r.invalid_5000_", "_default"])
    func `an image comes from a mirror, which is told whose it is`(directory: String) throws {
        let mirror = try MisbehavingRegistry(serving: images, fault: .none)
        let dead = "127.0.0.1:1"
        try write(
            """
            server = "https://r.invalid:5000"
            [host."http://\(dead)"]
            [host."http://\(mirror.authority)"]
              [host."http://\(mirror.authority)".header]
                Authorization = "Basic c2VjcmV0"
            """, for: directory)
        let found = try pull("r.invalid:5000/a/b:it")
        #expect(found.outcome.exitCode == 0, "\(found.problem)")
        #expect(found.event("done")?["reference"] as? String == "r.invalid:5000/a/b:it")
        try expectReadable(root, "r.invalid:5000/a/b:it")
        let asked = try mirror.requests().filter { $0.path != "/v2/" }
        #expect(!asked.isEmpty)
        #expect(asked.allSatisfy { $0.path.hasSuffix("?ns=r.invalid%3A5000") })
        #expect(asked.allSatisfy { $0.authorization == "Basic c2VjcmV0" })
        // Without the image there, what each place said is told.
        let missing = try pull("r.invalid:5000/a/b:other")
        #expect(missing.problem.contains("the mirror \(dead)/a/b: cannot connect"))
        #expect(missing.problem.contains("the mirror \(mirror.authority)/a/b"))
        // Which tags a mirror has helps nobody.
        #expect(try mirror.requests().allSatisfy { !$0.path.contains("/tags/") })
    }

    @Test func `who may not resolve tags is asked for digests only`() throws {
        let mirror = try MisbehavingRegistry(serving: images, fault: .none)
        let server = try MisbehavingRegistry(serving: images, fault: .none)
        try write(
            """
            server = "http://\(server.authority)"
            capabilities = ["resolve"]
            [host."http://\(mirror.authority)"]
              capabilities = ["pull"]
            """, for: "r.invalid", under: ".config/docker/certs.d")
        let found = try pull("r.invalid/a/b:it")
        #expect(found.outcome.exitCode == 0, "\(found.problem)")
        #expect(try mirror.requests().allSatisfy { !$0.path.contains("manifests/it") })
        #expect(try !mirror.requests(forBlob: "\(blob.layers[0])?ns=r.invalid").isEmpty)
        let resolved = try server.requests()
        #expect(resolved.map(\.method) == ["HEAD"])
        #expect(resolved.map(\.path) == ["/v2/a/b/manifests/it?ns=r.invalid"])
        // A second pull asks for the digest alone.
        #expect(try pull("r.invalid/a/b:it").outcome.exitCode == 0)
        #expect(try server.requests().count == 2)
    }

    @Test func `a push goes to the first host that takes it, or is refused`() throws {
        let mirror = try MisbehavingRegistry(serving: images, fault: .none)
        let target = try ReceivingRegistry(.none)
        func push() throws -> Pull {
            let kade = BuiltProgram.path("kade-server")
            return try Pull(
                Tool.start(
                    [kade, "push", "--root", root, "r.invalid/a/b:it"], environment: environment
                ).wait())
        }
        try write(
            """
            server = "http://\(target.authority)"
            [host."http://\(mirror.authority)"]
              capabilities = ["pull", "resolve"]
            """, for: "r.invalid")
        #expect(try pull("r.invalid/a/b:it").outcome.exitCode == 0)
        let pushed = try push()
        #expect(pushed.outcome.exitCode == 0, "\(pushed.problem)")
        #expect(try target.digest(of: "it", in: "a/b") == blob.digest)
        try write(
            "server = \"http://\(target.authority)\"\ncapabilities = [\"pull\"]", for: "r.invalid")
        #expect(try push().problem.contains("has the capability push"))
    }

    @Test func `a prefix of the API, and an API without v2`() throws {
        let registry = try TestRegistry()
        try registry.push(images, "it", to: "it/is/here:1")
        // What a proxy does with a prefix, override_path can do with a repository's beginning.
        try write(
            """
            server = "http://\(registry.authority)/v2/it"
            override_path = true
            """, for: "r.invalid")
        let found = try pull("r.invalid/is/here:1")
        #expect(found.outcome.exitCode == 0, "\(found.problem)")
    }

    @Test func `registries.conf says where, and hosts_toml of that place how`() throws {
        let mirror = try MisbehavingRegistry(serving: images, fault: .none)
        try folder.write(
            """
            [[registry]]
            prefix = "r.invalid/team"
            location = "other.invalid/a"
            [[registry]]
            location = "bad.invalid"
            blocked = true
            """, to: "registries.conf")
        try write("server = \"http://\(mirror.authority)\"", for: "other.invalid")
        try write("server = \"http://\(mirror.authority)\"", for: "bad.invalid")
        let found = try pull("r.invalid/team/b:it")
        #expect(found.outcome.exitCode == 0, "\(found.problem)")
        #expect(try pull("bad.invalid/a/b:it").problem.hasPrefix("denied"))
    }

    @Test func `a file with a mistake is an error and no reason to go elsewhere`() throws {
        try write("server = 7", for: "r.invalid")
        let refused = try pull("r.invalid/a/b:it")
        #expect(refused.problem.contains("hosts.toml"))
        #expect(refused.problem.contains("line 1: \"server\" has to be a string"))
    }
}
