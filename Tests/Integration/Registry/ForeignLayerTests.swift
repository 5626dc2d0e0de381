import Foundation
import Testing

/// Layers that are not where their manifest is: `urls` of their descriptors (image-spec,
/// descriptor.md).
@Suite struct ForeignLayerTests {
    private let folder: TemporaryFolder
    private let images: TestImages
    private let port: Int

    init() throws {
        folder = try TemporaryFolder()
        images = try TestImages()
        port = try freePort()
    }

    /// Adds an image whose layer is at paths of the registry's host.
    ///
    /// - Returns: the digest of the layer.
    private func add(as name: String, paths: [String]) throws -> String {
        try TestImages.tree(in: folder, named: name, sizeInBytes: 100_000)
        let ordinary = try images.add(.init(trees: [folder.at(name)]))
        let text = try Data(contentsOf: URL(fileURLWithPath: images.file(of: ordinary.digest)))
        var manifest = try #require(
            try JSONSerialization.jsonObject(with: text) as? [String: Any])
        var layers = try #require(manifest["layers"] as? [[String: Any]])
        layers[0]["mediaType"] = "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip"
        layers[0]["urls"] = paths.map { "http://127.0.0.1:\(port)\($0)/\(ordinary.layers[0])" }
        manifest["layers"] = layers
        let blob = try images.add(
            manifest, mediaType: "application/vnd.oci.image.manifest.v1+json")
        try images.addName(blob, name)
        return ordinary.layers[0]
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
}
