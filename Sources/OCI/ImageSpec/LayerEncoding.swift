/// How the layers of an image are to be compressed that goes to a registry.
package struct LayerEncoding: Sendable, Equatable {
    package var format: Format
    /// How hard to try, by the format's own scale; nil is the usual way.
    package var level: Int?
    /// Whether layers that came compressed are done again.
    package var isForced: Bool

    package init(_ format: Format, level: Int? = nil, isForced: Bool = false) {
        self.format = format
        self.level = level
        self.isForced = isForced
    }

    /// The formats by the names that Docker's and Podman's tools have for them.
    package enum Format: String, Sendable, CaseIterable {
        case uncompressed, gzip, zstd
        /// gzip whose files can be had one by one, with a table of contents.
        case estargz
        /// The same with zstd.
        case zstdChunked = "zstd:chunked"

        /// What can decompress it.
        package var compression: LayerCompression {
            switch self {
            case .uncompressed: .uncompressed
            case .gzip, .estargz: .gzip
            case .zstd, .zstdChunked: .zstd
            }
        }

        /// Whether Docker's own media types have a name for it.
        package var isDockers: Bool { self == .gzip || self == .uncompressed }

        /// The levels that there are.
        package var levels: ClosedRange<Int> {
            switch compression {
            case .uncompressed: 0...0
            case .gzip: 0...9
            case .zstd: 0...22
            }
        }
    }
}
