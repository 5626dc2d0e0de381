import Foundation
import Testing

/// Pulls from registries that fail, and onto disks that are full.
@Suite struct PullFaultTests {
    let folder: TemporaryFolder
    let images: TestImages
    let manifest: TestImages.Blob
    let root: String

    init() throws {
        folder = try TemporaryFolder()
        images = try TestImages()
        root = folder.at("data")
        try TestImages.tree(in: folder, named: "tree", sizeInBytes: 3_000_000)
        manifest = try images.add(.init(trees: [folder.at("tree")]), as: "it")
    }

    private func serve(_ fault: MisbehavingRegistry.Fault) throws -> MisbehavingRegistry {
        try MisbehavingRegistry(serving: images, fault: fault)
    }

    private func reference(_ server: MisbehavingRegistry) -> String {
        "\(server.authority)/a/b:it"
    }

    private func expectPulled(_ pull: Pull, _ server: MisbehavingRegistry) throws {
        #expect(pull.outcome.exitCode == 0, "\(pull.problem)")
        try expectReadable(root, reference(server))
        let unpacked = try #require(try unpackedLayer(root, with: "etc/tree"))
        try Tool.check("diff", "-r", "--no-dereference", folder.at("tree"), unpacked)
    }

    /// What is unpacked, or begun.
    private func layerDirectories() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: root + "/layers/sha256")
    }

    /// Nothing is named, and a pull from a sound registry succeeds.
    private func expectClean(_ server: MisbehavingRegistry) throws {
        let named = try Tool.run(
            "skopeo", "inspect", "--raw", "oci:\(root)/image:\(reference(server))")
        #expect(named.exitCode != 0)
        #expect(try unpackedLayer(root, with: "etc/tree") == nil)
        let sound = try serve(.none)
        try expectPulled(try Pull.run(reference(sound), into: root), sound)
    }

    @Test func `a reset half-way is resumed with a range`() throws {
        let server = try serve(.reset)
        try expectPulled(try Pull.run(reference(server), into: root), server)
        let requests = try server.requests(forBlob: manifest.layers[0])
        #expect(requests.count == 2)
        let range = try #require(requests.last?.range)
        let start = try #require(Int(range.dropFirst("bytes=".count).dropLast()))
        #expect(start > 1_000_000)
    }

    @Test func `a registry without ranges sends the beginning again`() throws {
        let server = try serve(.resetWithoutRanges)
        try expectPulled(try Pull.run(reference(server), into: root), server)
        #expect(try server.requests(forBlob: manifest.layers[0]).count == 2)
    }

    @Test func `answers that end too early are put together`() throws {
        let server = try serve(.truncated)
        let pull = try Pull.run(reference(server), into: root)
        // Each answer halves what is missing, so that it arrives in the end.
        try expectPulled(pull, server)
        #expect(try server.requests(forBlob: manifest.layers[0]).count > 4)
    }

    @Test func `a wrong digest is refused and leaves nothing`() throws {
        let server = try serve(.wrongDigest)
        let pull = try Pull.run(reference(server), into: root)
        #expect(pull.outcome.exitCode == 1)
        #expect(pull.problem.hasPrefix("corrupt"))
        #expect(pull.problem.contains(manifest.layers[0]))
        try expectClean(server)
    }

    @Test func `a manifest that does not fit its header is refused`() throws {
        let server = try serve(.wrongManifestDigest)
        let pull = try Pull.run(reference(server), into: root)
        #expect(pull.problem.hasPrefix("corrupt"))
        try expectClean(server)
    }

    @Test func `Docker's schema 1 is refused`() throws {
        let server = try serve(.schema1)
        let pull = try Pull.run(reference(server), into: root)
        #expect(pull.problem.hasPrefix("unsupported"))
        #expect(pull.problem.contains("schema 1"))
    }

    @Test func `too many requests are waited for as the registry asks`() throws {
        let server = try serve(.busy)
        let begin = Date()
        try expectPulled(try Pull.run(reference(server), into: root), server)
        #expect(Date().timeIntervalSince(begin) >= 6)  // manifest, configuration and layer
    }

    @Test func `a registry that is unavailable is asked again`() throws {
        let server = try serve(.unavailable)
        try expectPulled(try Pull.run(reference(server), into: root), server)
    }

    @Test func `a password does not follow a redirect to another host`() throws {
        let server = try serve(.redirect)
        let secret = Data("\(TestRegistry.user):\(TestRegistry.password)".utf8)
        try folder.write(
            #"{"HttpHeaders": {"X-Meta-Test": "m", "X-Test": "no"}, "#
                + #""auths": {"\#(server.authority)": {"auth": "\#(secret.base64EncodedString())"}}}"#,
            to: "docker/config.json")
        let pull = try Pull.run(
            reference(server), into: root, environment: ["DOCKER_CONFIG": folder.at("docker")])
        try expectPulled(pull, server)
        let blobs = try server.requests(forBlob: manifest.layers[0])
        let port = server.authority.split(separator: ":").last.map(String.init)
        let elsewhere = blobs.filter { "\($0.port)" != port }
        #expect(elsewhere.count == 1)
        #expect(elsewhere.allSatisfy { $0.authorization == nil && $0.meta == nil })
        #expect(blobs.contains { $0.authorization != nil && $0.meta == "m" })
    }

    @Test func `a token is fetched once and shown from then on`() throws {
        let server = try serve(.token)
        try expectPulled(try Pull.run(reference(server), into: root), server)
        let requests = try server.requests()
        let tokens = requests.filter { $0.path.hasPrefix("/token") }
        #expect(tokens.count == 1)
        #expect(tokens.first?.path.contains("scope=repository%3Aa%2Fb%3Apull") == true)
        let blobs = try server.requests(forBlob: manifest.layers[0])
        #expect(blobs.map(\.authorization) == ["Bearer T1"])
    }

    @Test(arguments: [SIGKILL, SIGINT])
    func `a pull that is ended half-way goes on from there`(signal: Int32) throws {
        let server = try serve(.halting)
        let running = try Pull.start(reference(server), into: root)
        let partial = "\(root)/image/ingest"
        try Tool.check(
            "timeout", "60", "bash", "-c",
            "until [ $(cat \(partial)/sha256-*.partial 2>/dev/null | wc -c) -gt 500000 ];"
                + " do sleep 0.02; done")
        running.signal(signal)
        let outcome = try running.wait()
        if signal == SIGINT {
            #expect(outcome.exitCode == 1)
            #expect(try Pull(outcome).problem.contains("interrupted"))
        }
        // What a killed pull has unpacked has a name with a dot, which is none of a layer.
        let begun = try layerDirectories()
        #expect(begun.allSatisfy { $0.contains(".") } && (signal == SIGKILL || begun.isEmpty))

        try expectPulled(try Pull.run(reference(server), into: root), server)
        #expect(try layerDirectories().allSatisfy { !$0.contains(".") })

        let last = try #require(try server.requests(forBlob: manifest.layers[0]).last?.range)
        #expect(try #require(Int(last.dropFirst("bytes=".count).dropLast())) > 400_000)
    }

    @Test func `a damaged beginning is fetched anew`() throws {
        let server = try serve(.wrongDigestOnce)
        let first = try Pull.run(reference(server), into: root)
        #expect(first.problem.hasPrefix("corrupt"))
        let name = "sha256-" + manifest.layers[0].dropFirst("sha256:".count) + ".partial"
        try folder.write(String(repeating: "x", count: 10_000), to: "data/image/ingest/\(name)")
        try expectPulled(try Pull.run(reference(server), into: root), server)
        let ranges = try server.requests(forBlob: manifest.layers[0]).map(\.range)
        #expect(ranges == [nil, "bytes=10000-", nil])
    }

    @Test func `a full disk is a clear error, and the next pull goes on`() throws {
        let server = try serve(.none)
        try FileManager.default.createDirectory(
            atPath: root, withIntermediateDirectories: true)
        let kade = BuiltProgram.path("kade-server")
        let outcome = try Tool.run(
            "unshare", "-m", "--propagation", "private", "sh", "-c",
            """
            mount -t tmpfs -o size=3m none "$1"
            "$2" pull --root "$1" "$3" && exit 9
            test -e "$1/image/index.json" && exit 8
            mount -o remount,size=40m "$1"
            "$2" pull --root "$1" "$3" || exit 7
            skopeo copy -q --insecure-policy "oci:$1/image:$3" "dir:$4" || exit 6
            """, "sh", root, kade, reference(server), folder.at("copy"))
        #expect(outcome.exitCode == 0, "\(outcome.errors)")
        let pull = try Pull(outcome)
        #expect(pull.problem.hasPrefix("exhausted"))
        #expect(pull.event("done") != nil)
    }

    @Test func `two pulls at once share the work`() throws {
        let server = try serve(.slow)
        let both = try [1, 2].map { _ in try Pull.start(reference(server), into: root) }
        for running in both {
            try expectPulled(try Pull(running.wait()), server)
        }
        #expect(try server.requests(forBlob: manifest.layers[0]).count == 1)
    }
}
