import Diagnostics
import Linux

/// One member of a tar archive, with what extension headers said about it.
struct TarEntry: Sendable, Equatable {
    /// The path as the archive spells it; the reader of an entry judges it.
    var name: [UInt8]
    /// What a link leads to.
    var linkTarget: [UInt8]
    var kind: Kind
    /// The permission bits with setuid, setgid and sticky.
    var permissions: UInt32
    var owner: UInt32
    var group: UInt32
    /// The bytes that follow in the archive; for a sparse file fewer than the file has.
    var sizeInBytes: Int64
    var modified: FileTime
    /// The numbers of a device node.
    var device: DeviceNumber
    /// The extended attributes (`SCHILY.xattr.…`).
    var attributes: [Attribute]
    /// Where the data of a sparse file belongs.
    var sparse: SparseMap?

    /// The kinds of members.
    enum Kind: Sendable, Equatable {
        case file, hardLink, symlink, characterDevice, blockDevice, directory, fifo
    }

    /// An extended attribute.
    struct Attribute: Sendable, Equatable {
        var name: String
        var value: [UInt8]
    }

    /// The name for messages.
    var displayName: String { String(decoding: name, as: UTF8.self) }
}

/// The data ranges of a sparse file; all else reads as zeros.
struct SparseMap: Sendable, Equatable {
    /// The size of the whole file.
    var sizeInBytes: Int64
    /// In rising order.
    var ranges: [Range<Int64>]

    /// Whether the ranges rise, stay inside the file, and hold this much data.
    func fits(dataSizeInBytes: Int64) -> Bool {
        var end: Int64 = 0
        var data: Int64 = 0
        for range in ranges {
            guard range.lowerBound >= end, range.upperBound <= sizeInBytes else { return false }
            end = range.upperBound
            data += Int64(range.count)
        }
        return sizeInBytes >= 0 && data == dataSizeInBytes
    }
}

/// The error of an archive that is no well-formed tar.
func malformed(_ why: String) -> Problem {
    Problem(
        kind: .corrupt, what: "cannot read the tar archive", why: why,
        fix: "get the archive again; if it stays so, its source is damaged")
}
