import Foundation

/// An OCI image layout that a test makes from directory trees with tar, gzip, zstd and sha256sum.
///
/// Nothing of Kade is used, so that its readers are checked against other writers.
final class TestImages {
    /// The directory of the layout, for skopeo: `oci:PATH:NAME`.
    let path: String
    private let folder: TemporaryFolder
    private var names: [[String: Any]] = []

    /// How layers are compressed.
    enum Compression: String, CaseIterable, Sendable {
        case none, gzip, zstd

        fileprivate var mediaType: String {
            let plain = "application/vnd.oci.image.layer.v1.tar"
            return self == .none ? plain : plain + "+" + rawValue
        }
    }

    /// What an image is made of.
    struct Image {
        /// The directory trees, the lowest layer first.
        var trees: [String]
        var compression: Compression = .gzip
        var architecture = "amd64"
        var variant: String?
        /// The configuration's `config`: Cmd, Env and so on.
        var defaults: [String: Any] = ["Cmd": ["/bin/sh"]]
    }

    /// Content in the layout.
    struct Blob {
        var mediaType: String
        var digest: String
        var size: Int
        var platform: [String: String]?
        /// The digests of the layers' blobs, when it is a manifest.
        var layers: [String] = []

        var json: [String: Any] {
            var json: [String: Any] = ["mediaType": mediaType, "digest": digest, "size": size]
            json["platform"] = platform
            return json
        }
    }

    init() throws {
        folder = try TemporaryFolder()
        path = folder.at("layout")
        try folder.write(#"{"imageLayoutVersion": "1.0.0"}"#, to: "layout/oci-layout")
        try FileManager.default.createDirectory(
            atPath: path + "/blobs/sha256", withIntermediateDirectories: true)
    }

    /// Adds an image; with a name it stands in the layout's index.
    @discardableResult
    func add(_ image: Image, as name: String? = nil) throws -> Blob {
        var layers: [Blob] = []
        var diffIDs: [String] = []
        for tree in image.trees {
            let tar = folder.at("layer.tar")
            try Tool.check(
                "tar", "--sort=name", "--numeric-owner", "--xattrs",
                "--pax-option=delete=atime,delete=ctime", "-C", tree, "-cf", tar, ".")
            diffIDs.append(try digest(ofFile: tar))
            layers.append(try add(layer: tar, compression: image.compression))
        }
        var platform = ["os": "linux", "architecture": image.architecture]
        platform["variant"] = image.variant
        var configuration: [String: Any] = platform
        configuration["config"] = image.defaults
        configuration["rootfs"] = ["type": "layers", "diff_ids": diffIDs]
        let config = try add(
            configuration, mediaType: "application/vnd.oci.image.config.v1+json")
        let type = "application/vnd.oci.image.manifest.v1+json"
        var manifest = try add(
            [
                "schemaVersion": 2, "mediaType": type, "config": config.json,
                "layers": layers.map(\.json),
            ], mediaType: type)
        manifest.platform = platform
        manifest.layers = layers.map(\.digest)
        if let name { try addName(manifest, name) }
        return manifest
    }

    /// Adds an index of images (or of other indexes).
    @discardableResult
    func addIndex(of parts: [Blob], as name: String? = nil) throws -> Blob {
        let type = "application/vnd.oci.image.index.v1+json"
        let index = try add(
            ["schemaVersion": 2, "mediaType": type, "manifests": parts.map(\.json)],
            mediaType: type)
        if let name { try addName(index, name) }
        return index
    }

    /// Adds any JSON as a blob.
    func add(_ json: [String: Any], mediaType: String) throws -> Blob {
        let text = try JSONSerialization.data(withJSONObject: json, options: [.sortedKeys])
        let file = folder.at("text.json")
        try text.write(to: URL(fileURLWithPath: file))
        return try add(file: file, mediaType: mediaType)
    }

    /// The file of a blob.
    func file(of digest: String) -> String {
        path + "/blobs/sha256/" + digest.dropFirst("sha256:".count)
    }

    /// A directory tree with a busybox and a file of random bytes.
    static func tree(in folder: TemporaryFolder, named name: String, sizeInBytes: Int) throws {
        try folder.write("hello from \(name)\n", to: "\(name)/etc/\(name)")
        try Tool.check(
            "sh", "-c",
            "mkdir -p \"$1/bin\" && cp /bin/busybox \"$1/bin/busybox\" && ln -sf busybox \"$1/bin/sh\""
                + " && head -c \(sizeInBytes) /dev/urandom > \"$1/random-\(name)\"",
            "sh", folder.at(name))
    }

    private func add(layer tar: String, compression: Compression) throws -> Blob {
        switch compression {
        case .none:
            return try add(file: tar, mediaType: compression.mediaType)
        case .gzip:
            try Tool.check("gzip", "-1", "-n", "-k", "-f", tar)
            return try add(file: tar + ".gz", mediaType: compression.mediaType)
        case .zstd:
            try Tool.check("zstd", "-q", "-1", "-f", tar, "-o", tar + ".zst")
            return try add(file: tar + ".zst", mediaType: compression.mediaType)
        }
    }

    /// Adds a file's bytes as a blob.
    func addFile(_ file: String, mediaType: String) throws -> Blob {
        try add(file: file, mediaType: mediaType)
    }

    private func add(file: String, mediaType: String) throws -> Blob {
        let digest = try digest(ofFile: file)
        try Tool.check("cp", "--reflink=auto", file, self.file(of: digest))
        let size = try FileManager.default.attributesOfItem(atPath: file)[.size] as? Int ?? 0
        return Blob(mediaType: mediaType, digest: digest, size: size)
    }

    private func digest(ofFile file: String) throws -> String {
        "sha256:" + (try Tool.check("sha256sum", file)).prefix { $0 != " " }
    }

    /// Makes a name of the layout's index name a blob.
    func addName(_ blob: Blob, _ name: String) throws {
        var entry = blob.json
        entry["annotations"] = ["org.opencontainers.image.ref.name": name]
        names.append(entry)
        let index: [String: Any] = ["schemaVersion": 2, "manifests": names]
        try JSONSerialization.data(withJSONObject: index)
            .write(to: URL(fileURLWithPath: path + "/index.json"))
    }
}
