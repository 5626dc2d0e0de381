import Foundation
import Testing

/// Pushes to registries that fail, or want something special.
@Suite struct PushFaultTests {
    let folder: TemporaryFolder
    let images: TestImages
    let kade: Kade

    init() throws {
        folder = try TemporaryFolder()
        images = try TestImages()
        kade = try Kade()
    }

    private func add(
        sizeInBytes: Int, as name: String
    ) throws -> TestImages.Blob {
        try TestImages.tree(in: folder, named: "tree", sizeInBytes: sizeInBytes)
        let blob = try images.add(.init(trees: [folder.at("tree")]), as: name)
        try kade.check("load", "-q", "-i", images.path)
        return blob
    }

    private func expectPushed(
        _ blob: TestImages.Blob, to server: ReceivingRegistry, _ outcome: Tool.Outcome
    ) throws {
        #expect(outcome.exitCode == 0, "\(outcome.errors)")
        #expect(try server.digest(of: "it", in: "a/b") == blob.digest)
        for layer in blob.layers { #expect(try server.hasBlob(layer, in: "a/b")) }
    }

    @Test(arguments: [
        ReceivingRegistry.Fault.reset, .resetForgetting, .busy, .unavailable, .elsewhere,
    ])
    func `a push gets there in the end`(fault: ReceivingRegistry.Fault) throws {
        let server = try ReceivingRegistry(fault)
        let name = "\(server.authority)/a/b:it"
        let blob = try add(sizeInBytes: 3_000_000, as: name)
        let begin = Date()
        try expectPushed(blob, to: server, try kade("push", name))
        let chunks = try server.requests("PATCH").filter { $0.range != nil }
        switch fault {
        case .reset:  // the half that arrived is not sent again
            let start = try #require(chunks.first?.range?.split(separator: "-").first)
            #expect(try #require(Int(start)) > 1_000_000)
            #expect(chunks.count == 1)
        case .resetForgetting: #expect(chunks.first?.range?.hasPrefix("0-") == true)
        case .busy: #expect(Date().timeIntervalSince(begin) >= 4)
        case .elsewhere: #expect(chunks.isEmpty)
        default: break
        }
    }

    @Test(arguments: [
        (ReceivingRegistry.Fault.tooLarge, 16 << 20), (.largeChunks, 18 << 20),
    ])
    func `a blob that is too large for one request goes in chunks`(
        fault: ReceivingRegistry.Fault, chunk: Int
    ) throws {
        let server = try ReceivingRegistry(fault)
        let name = "\(server.authority)/a/b:it"
        let blob = try add(sizeInBytes: 40_000_000, as: name)
        try expectPushed(blob, to: server, try kade("push", name))
        let ranges = try server.requests("PATCH").compactMap(\.range)
        #expect(ranges.prefix(2) == ["0-\(chunk - 1)", "\(chunk)-\(2 * chunk - 1)"])
        #expect(ranges.count == 3)
    }

    @Test func `tokens are asked for the rights that a push needs`() throws {
        let server = try ReceivingRegistry(.token)
        let name = "\(server.authority)/a/b:it"
        let blob = try add(sizeInBytes: 200_000, as: name)
        try expectPushed(blob, to: server, try kade("push", name))
        let tokens = try server.requests("GET", "/token")
        #expect(tokens.count == 1)
        #expect(tokens.first?.path.contains("scope=repository%3Aa%2Fb%3Apull%2Cpush") == true)

        // Taken over with a right for both, and sent where the other may not be read.
        for (target, source) in [("c/d", "a/b"), ("secret/base", "a/b")] {
            let copy = "\(server.authority)/\(target):it"
            try kade.check("tag", name, copy)
            let outcome = try kade("push", copy)
            guard target == "c/d" else {
                #expect(outcome.exitCode == 1)
                #expect(outcome.errors.contains("gives no token"))
                continue
            }
            #expect(outcome.output.contains("Mounted from \(source)"), "\(outcome.errors)")
        }
        let scopes = "scope=repository%3Ac%2Fd%3Apull%2Cpush&scope=repository%3Aa%2Fb%3Apull"
        #expect(try server.requests("GET", "/token").contains { $0.path.hasSuffix(scopes) })
    }

    @Test func `a blob is sent where the repository that has it may not be read`() throws {
        let server = try ReceivingRegistry(.token)
        let blob = try add(sizeInBytes: 200_000, as: "\(server.authority)/secret/base:it")
        let name = "\(server.authority)/a/b:it"
        try kade.check("tag", "\(server.authority)/secret/base:it", name)
        try expectPushed(blob, to: server, try kade("push", name))
        #expect(try server.requests("GET", "/token").contains { $0.path.contains("secret%2Fbase") })
    }

    @Test func `a push that is interrupted says so`() throws {
        let server = try ReceivingRegistry(.stalls)
        let name = "\(server.authority)/a/b:it"
        _ = try add(sizeInBytes: 200_000, as: name)
        let push = try Tool.start([
            BuiltProgram.path("kade-server"), "push", "--root", kade.root, name,
        ])
        try kade.wait { try !server.requests("PUT").isEmpty }
        push.signal(SIGINT)
        let outcome = try push.wait()
        #expect(outcome.exitCode == 1)
        #expect(outcome.output.contains("it was interrupted"), "\(outcome.output)")
        #expect(outcome.output.contains("push again"))
    }

    @Test func `an identity token is changed into a right by OAuth 2`() throws {
        let server = try ReceivingRegistry(.token)
        let name = "\(server.authority)/a/b:it"
        let blob = try add(sizeInBytes: 200_000, as: name)
        try folder.write(
            #"{"auths": {"\#(server.authority)": {"identitytoken": "identity"}}}"#,
            to: "docker/config.json")
        let outcome = try Tool.start(
            kade.commandLine(["push", name]), environment: ["DOCKER_CONFIG": folder.at("docker")]
        ).wait()
        try expectPushed(blob, to: server, outcome)
        let form = try #require(try server.requests("POST", "/token").first?.form)
        #expect(form.contains("grant_type=refresh_token"))
        #expect(form.contains("scope=repository%3Aa%2Fb%3Apull%2Cpush"))
    }

    @Test func `a registry's warning is shown once`() throws {
        let server = try ReceivingRegistry(.none)
        let name = "\(server.authority)/a/b:it"
        _ = try add(sizeInBytes: 1000, as: name)
        let warning = "Warning from \(server.authority): This registry ends \"soon\""
        let output = try kade.check("push", name)
        #expect(output.components(separatedBy: warning).count == 2, "\(output)")
        #expect(try kade.check("push", "-q", name) == name)
    }

    @Test func `a token stays with the registry when uploads go elsewhere`() throws {
        let server = try ReceivingRegistry(.elsewhere)
        let name = "\(server.authority)/a/b:it"
        let blob = try add(sizeInBytes: 200_000, as: name)
        try expectPushed(blob, to: server, try kade("push", name))
        let port = try #require(server.authority.split(separator: ":").last.map(String.init))
        let elsewhere = try server.requests().filter { "\($0.port)" != port }
        #expect(!elsewhere.isEmpty)
        #expect(elsewhere.allSatisfy { $0.authorization == nil })
    }

    @Test func `layers that must not be distributed stay here`() throws {
        let server = try ReceivingRegistry(.none)
        let name = "\(server.authority)/a/b:it"
        try TestImages.tree(in: folder, named: "tree", sizeInBytes: 100_000)
        let ordinary = try images.add(.init(trees: [folder.at("tree")]), as: "plain")
        var manifest = try #require(
            try JSONSerialization.jsonObject(
                with: Data(contentsOf: URL(fileURLWithPath: images.file(of: ordinary.digest))))
                as? [String: Any])
        var layers = try #require(manifest["layers"] as? [[String: Any]])
        layers[0]["mediaType"] = "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip"
        manifest["layers"] = layers
        let blob = try images.add(
            manifest, mediaType: "application/vnd.oci.image.manifest.v1+json")
        try images.addName(blob, name)
        try kade.check("load", "-q", "-i", images.path)
        #expect(try kade("push", name).exitCode == 0)
        #expect(try server.digest(of: "it", in: "a/b") == blob.digest)
        #expect(try !server.hasBlob(ordinary.layers[0], in: "a/b"))
    }
}
