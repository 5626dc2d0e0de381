import Foundation
import Testing

/// Layers that are not where their manifest is: `urls` of their descriptors (image-spec,
/// descriptor.md).
@Suite struct ForeignLayerTests {
    private let folder: TemporaryFolder
    private let images: TestImages
    private let port: ReservedPort

    init() throws {
        folder = try TemporaryFolder()
        images = try TestImages()
        port = try ReservedPort()
    }

    /// Adds an image whose layer is at paths of the registry's host.
    ///
    /// - Returns: the digest of the layer.
    private func add(as name: String, paths: [String]) throws -> String {
        try add(
            as: name,
            mediaType: "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip"
        ) { layer in paths.map { "http://\(port.authority)\($0)/\(layer)" } }
    }

    /// Adds an image with one layer of a type.
    private func add(
        as name: String, mediaType: String, urls: (String) -> [String] = { _ in [] }
    ) throws -> String {
        try TestImages.tree(in: folder, named: name, sizeInBytes: 100_000)
        let ordinary = try images.add(.init(trees: [folder.at(name)]))
        let text = try Data(contentsOf: URL(fileURLWithPath: images.file(of: ordinary.digest)))
        var manifest = try #require(
            try JSONSerialization.jsonObject(with: text) as? [String: Any])
        var layers = try #require(manifest["layers"] as? [[String: Any]])
        layers[0]["mediaType"] = mediaType
        layers[0]["urls"] = urls(ordinary.layers[0])
        manifest["layers"] = layers
        let blob = try images.add(
            manifest, mediaType: "application/vnd.oci.image.manifest.v1+json")
        try images.addName(blob, name)
        return ordinary.layers[0]
    }

    @Test(arguments: [
        ("application/vnd.oci.image.layer.v1.tar+gzip+encrypted", "--decryption-key"),
        ("application/vnd.oci.image.layer.nydus.blob.v1", "Nydus"),
        ("application/vnd.example.layer", "application/vnd.example.layer"),
    ])
    func `a layer that needs a program of its own is refused by its kind`(
        type: String, text: String
    ) throws {
        let layer = try add(as: "it", mediaType: type)
        let server = try MisbehavingRegistry(serving: images, fault: .none)
        let pull = try Pull.run("\(server.authority)/a/b:it", into: folder.at("data"))
        #expect(pull.outcome.exitCode == 1)
        #expect(pull.outcome.output.contains(text), "\(pull.outcome)")
        #expect(try server.requests(forBlob: layer).isEmpty)
    }

    @Test func `they come from the first place that has them, and are verified`() throws {
        let layer = try add(as: "right", paths: ["/v2/none/blobs", "/elsewhere/blobs"])
        _ = try add(as: "wrong", paths: ["/v2/none/blobs"])
        let server = try MisbehavingRegistry(serving: images, fault: .elsewhere, port: port)
        let root = folder.at("data")
        let pull = try Pull.run("\(server.authority)/a/b:right", into: root)
        #expect(pull.outcome.exitCode == 0, "\(pull.problem)")
        #expect(
            try server.requests(forBlob: layer).map(\.path) == [
                "/v2/a/b/blobs/\(layer)", "/v2/none/blobs/\(layer)", "/elsewhere/blobs/\(layer)",
            ])
        let unpacked = try #require(try unpackedLayer(root, with: "etc/right"))
        try Tool.check("diff", "-r", "--no-dereference", folder.at("right"), unpacked)
        let missing = try Pull.run("\(server.authority)/a/b:wrong", into: root)
        #expect(missing.outcome.exitCode == 1)
        #expect(missing.problem.hasPrefix("notFound"), "\(missing.problem)")
        #expect(missing.problem.contains("/v2/none/blobs"), "\(missing.problem)")
    }

    /// An image's author may name a place on the registry's host that another one has.
    @Test func `no secret goes to them, not even on the registry's own host`() throws {
        let layer = try add(as: "right", paths: ["/elsewhere/blobs"])
        let server = try MisbehavingRegistry(serving: images, fault: .elsewhereGuarded, port: port)
        let secret = Data("\(TestRegistry.user):\(TestRegistry.password)".utf8)
        try folder.write(
            #"{"HttpHeaders": {"X-Meta-Test": "m"}, "#
                + #""auths": {"\#(server.authority)": {"auth": "\#(secret.base64EncodedString())"}}}"#,
            to: "docker/config.json")
        let pull = try Pull.run(
            "\(server.authority)/a/b:right", into: folder.at("data"),
            environment: ["DOCKER_CONFIG": folder.at("docker")])
        #expect(pull.outcome.exitCode == 0, "\(pull.problem)")
        let asked = try server.requests(forBlob: layer)
        #expect(asked.contains { $0.path.hasPrefix("/v2/") && $0.authorization != nil })
        let elsewhere = asked.filter { $0.path.hasPrefix("/elsewhere/") }
        #expect(elsewhere.count == 1)
        #expect(elsewhere.allSatisfy { $0.authorization == nil && $0.meta == nil })
    }
}
