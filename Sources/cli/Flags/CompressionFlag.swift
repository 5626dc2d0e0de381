import OCI

/// How plain layers are compressed: gzip, zstd or uncompressed.
enum CompressionFlag {
    static func parse(_ text: String) throws(InvalidValue) -> LayerCompression {
        guard let compression = LayerCompression(rawValue: text) else {
            throw .unsupported(
                "this version of Kade does not compress as '\(text)'",
                fix: "gzip, zstd or uncompressed")
        }
        return compression
    }
}
