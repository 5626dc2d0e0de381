/// What content is: an IANA media type (image-spec, media-types.md; Docker's schema 2).
package struct MediaType: RawRepresentable, Sendable, Hashable {
    package let rawValue: String

    package init(rawValue: String) { self.rawValue = rawValue }

    package static let manifest = MediaType("application/vnd.oci.image.manifest.v1+json")
    package static let index = MediaType("application/vnd.oci.image.index.v1+json")
    package static let configuration = MediaType("application/vnd.oci.image.config.v1+json")
    package static let layer = MediaType("application/vnd.oci.image.layer.v1.tar")
    package static let gzipLayer = MediaType("application/vnd.oci.image.layer.v1.tar+gzip")
    package static let zstdLayer = MediaType("application/vnd.oci.image.layer.v1.tar+zstd")
    /// Content of no meaning: two bytes, "{}".
    package static let empty = MediaType("application/vnd.oci.empty.v1+json")

    package static let dockerManifest = MediaType(
        "application/vnd.docker.distribution.manifest.v2+json")
    package static let dockerManifestList = MediaType(
        "application/vnd.docker.distribution.manifest.list.v2+json")
    package static let dockerConfiguration = MediaType(
        "application/vnd.docker.container.image.v1+json")
    package static let dockerLayer = MediaType("application/vnd.docker.image.rootfs.diff.tar")
    package static let dockerGzipLayer = MediaType(
        "application/vnd.docker.image.rootfs.diff.tar.gzip")
    package static let dockerZstdLayer = MediaType(
        "application/vnd.docker.image.rootfs.diff.tar.zstd")
    package static let dockerForeignLayer = MediaType(
        "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip")

    /// Docker's first manifest, which no one should make any more.
    package static let dockerSchema1 = MediaType(
        "application/vnd.docker.distribution.manifest.v1+json")
    package static let dockerSignedSchema1 = MediaType(
        "application/vnd.docker.distribution.manifest.v1+prettyjws")

    private init(_ rawValue: String) { self.rawValue = rawValue }

    /// Whether the content is a ``Manifest``.
    package var isManifest: Bool { self == .manifest || self == .dockerManifest }

    /// Whether the content is an ``ImageIndex``.
    package var isIndex: Bool { self == .index || self == .dockerManifestList }

    /// Whether the content is an ``ImageConfiguration``.
    package var isImageConfiguration: Bool {
        self == .configuration || self == .dockerConfiguration
    }

    /// Whether registries do not store the content: whoever made it wants it to come from him.
    package var isNondistributable: Bool {
        rawValue.hasPrefix("application/vnd.oci.image.layer.nondistributable.")
            || rawValue.hasPrefix("application/vnd.docker.image.rootfs.foreign.")
    }

    /// How a layer's tar archive is compressed, or nil when the content is no layer.
    package var layerCompression: LayerCompression? {
        switch rawValue {
        case Self.layer.rawValue, Self.dockerLayer.rawValue, Self.nondistributable: .uncompressed
        case Self.gzipLayer.rawValue, Self.dockerGzipLayer.rawValue,
            Self.dockerForeignLayer.rawValue, "\(Self.nondistributable)+gzip":
            .gzip
        case Self.zstdLayer.rawValue, Self.dockerZstdLayer.rawValue,
            "\(Self.nondistributable)+zstd":
            .zstd
        default: nil
        }
    }

    /// The type of a layer, of OCI's or Docker's family.
    package init(layer compression: LayerCompression, isDockers: Bool) {
        self =
            switch (compression, isDockers) {
            case (.uncompressed, false): .layer
            case (.gzip, false): .gzipLayer
            case (.zstd, false): .zstdLayer
            case (.uncompressed, true): .dockerLayer
            case (.gzip, true): .dockerGzipLayer
            case (.zstd, true): .dockerZstdLayer
            }
    }

    /// Whether it is a type of Docker's, which has one for each of OCI's.
    package var isDockers: Bool { rawValue.hasPrefix("application/vnd.docker.") }

    private static let nondistributable = "application/vnd.oci.image.layer.nondistributable.v1.tar"
}

/// How a layer's tar archive is compressed.
package enum LayerCompression: String, Sendable {
    case uncompressed
    case gzip
    case zstd
}

extension MediaType: CustomStringConvertible {
    package var description: String { rawValue }
}

extension MediaType: JSONCodable {
    package init(from json: inout JSONReader) throws(JSONError) {
        self.init(try json.readString())
    }

    package static func readIfPresent(from json: inout JSONReader) throws(JSONError) -> MediaType? {
        try String.readIfPresent(from: &json).map(MediaType.init(rawValue:))
    }

    package func write(to json: inout JSONWriter) { json.write(rawValue) }
}
