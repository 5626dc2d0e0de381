/// Where the data of a file lies in the extra device of an EROFS image.
///
/// The file is divided into chunks of one size; each chunk is blocks of the device that follow one
/// another, or a hole. A file without gaps is one chunk, however large.
package struct ErofsData: Equatable {
    package let sizeInBytes: Int64
    /// A chunk has 512 << this many bytes.
    let chunkBits: Int
    /// The first block of each chunk; nil is a hole.
    let chunks: [UInt32?]

    /// A part of the file that is no hole.
    package struct Extent {
        /// Where it is in the file.
        package var range: Range<Int64>
        /// Where it is in the device.
        package var position: Int64

        package init(_ range: Range<Int64>, at position: Int64) {
            self.range = range
            self.position = position
        }
    }

    /// A chunk's bits have five bits in the format.
    private static let mostChunkBits = 31
    /// A file that is more scattered is left to another kind of layer.
    private static let mostChunks: Int64 = 1 << 20

    /// The data of a file.
    ///
    /// Nil where the extents do not begin and end at blocks, where blocks are too far away for the
    /// format, or where there would be too many chunks.
    ///
    /// - Parameters:
    ///   - sizeInBytes: the size with all holes.
    ///   - extents: in rising order and within the size.
    package init?(sizeInBytes: Int64, extents: [Extent]) {
        self.sizeInBytes = sizeInBytes
        var boundaries = UInt64(0)
        for extent in extents {
            let end = extent.range.upperBound
            guard extent.position % Erofs.blockSize == 0,
                (extent.position + Int64(extent.range.count)) / Erofs.blockSize < Int64(UInt32.max)
            else { return nil }
            boundaries |= UInt64(extent.range.lowerBound)
            if end != sizeInBytes { boundaries |= UInt64(end) }
        }
        guard boundaries % UInt64(Erofs.blockSize) == 0 else { return nil }
        let mostBits = min(
            boundaries.trailingZeroBitCount - Erofs.blockBits, Self.mostChunkBits)
        var bits = 0
        while bits < mostBits, Erofs.blockSize << bits < sizeInBytes { bits += 1 }
        let chunkSize = Erofs.blockSize << bits
        let count = sizeInBytes / chunkSize + (sizeInBytes % chunkSize > 0 ? 1 : 0)
        guard count <= Self.mostChunks else { return nil }
        var chunks = [UInt32?](repeating: nil, count: Int(count))
        for extent in extents {
            for start in stride(
                from: extent.range.lowerBound, to: extent.range.upperBound,
                by: Int(chunkSize))
            {
                let position = extent.position + start - extent.range.lowerBound
                chunks[Int(start / chunkSize)] = UInt32(position / Erofs.blockSize)
            }
        }
        chunkBits = bits
        self.chunks = chunks
    }
}

/// The numbers of the format, with the smallest block size that it allows: a tar archive's.
enum Erofs {
    static let blockBits = 9
    static let blockSize: Int64 = 1 << 9
    /// Inodes begin at multiples of this.
    static let slotSize = 32
    /// `struct erofs_inode_extended`.
    static let inodeSize = 64
    /// `struct erofs_dirent`.
    static let entrySize = 12
    /// `struct erofs_xattr_ibody_header`.
    static let attributesHeaderSize = 12
    static let superblockOffset = 1024
    static let superblockSize = 128
    /// `struct erofs_deviceslot`.
    static let deviceSize = 128
    /// `EROFS_SUPER_MAGIC_V1`.
    static let magic: UInt32 = 0xE0F5_E1E2
    /// `EROFS_FEATURE_INCOMPAT_CHUNKED_FILE`.
    static let chunkedFiles: UInt32 = 0x4
    /// `EROFS_FEATURE_INCOMPAT_DEVICE_TABLE`.
    static let deviceTable: UInt32 = 0x8

    /// How an inode's content is found (`EROFS_INODE_…`).
    enum DataLayout: UInt16 {
        /// Blocks of the image.
        case plain = 0
        /// Blocks of the image, and the rest behind the inode.
        case inline = 2
        /// Indexes of chunks behind the inode.
        case chunks = 4
    }
}
