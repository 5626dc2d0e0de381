import OCI

/// How layers are compressed: gzip, zstd, estargz, zstd:chunked or uncompressed.
enum CompressionFlag {
    static func parse(_ text: String) throws(InvalidValue) -> LayerEncoding.Format {
        guard let format = LayerEncoding.Format(rawValue: text) else {
            throw .unsupported(
                "this version of Kade does not compress as '\(text)'",
                fix: "gzip, zstd, estargz, zstd:chunked or uncompressed")
        }
        return format
    }

    /// What a format's parameters make of it.
    static func encoding(
        _ format: LayerEncoding.Format, level: Int?, isForced: Bool
    ) throws(InvalidValue) -> LayerEncoding {
        if let level, !format.levels.contains(level) {
            let levels = format.levels
            throw InvalidValue(
                "\(format.rawValue) has no level \(level)",
                fix: format == .uncompressed
                    ? "leave it out" : "\(levels.lowerBound) to \(levels.upperBound)")
        }
        return LayerEncoding(format, level: level, isForced: isForced)
    }
}
