import Diagnostics
import Linux

/// Reads a tar archive member by member: ustar, GNU and PAX, with sparse files.
///
/// It understands the formats and nothing more: whether a name is acceptable, its user decides.
struct TarReader {
    var cursor: ByteCursor
    private var global = PaxRecords()
    /// What is left of the current member's data.
    private(set) var dataLeft: Int64 = 0
    private var padding: Int64 = 0
    /// Where the reader is, from the archive's start.
    var offsetInBytes: Int64 = 0

    /// Extension headers hold names and attributes; more than this is an attack on our memory.
    private static let extensionLimitInBytes: Int64 = 1 << 20

    init(_ source: any ByteSource) { cursor = ByteCursor(source) }

    /// The next member; what was not read of the current one is passed over.
    ///
    /// - Returns: nil at the archive's end.
    /// - Throws: `.corrupt` when it ends in the middle or is no tar.
    mutating func nextEntry() throws(Problem) -> TarEntry? {
        try skipRest()
        var extensions = Extensions()
        while let header = try nextHeader() {
            switch header.type {
            case UInt8(ascii: "x"): extensions.pax = try PaxRecords(extensionData(header))
            case UInt8(ascii: "g"): global = try PaxRecords(extensionData(header)).over(global)
            case UInt8(ascii: "L"): extensions.longName = try longText(header)
            case UInt8(ascii: "K"): extensions.longLink = try longText(header)
            default:
                extensions.pax = extensions.pax.over(global)
                return try entry(header, extensions)
            }
        }
        guard extensions.isEmpty else { throw malformed("it ends after an extended header") }
        return nil
    }

    /// The next bytes of the current member, valid until the next call; empty at its end.
    mutating func readData(atMost limit: Int) throws(Problem) -> UnsafeRawBufferPointer {
        guard dataLeft > 0 else { return UnsafeRawBufferPointer(start: nil, count: 0) }
        let bytes = try cursor.next(atMost: Int(min(Int64(limit), dataLeft)))
        guard !bytes.isEmpty else { throw malformed("it ends in the middle of a file") }
        dataLeft -= Int64(bytes.count)
        offsetInBytes += Int64(bytes.count)
        return bytes
    }

    /// The whole data of the current member.
    mutating func readAllData(limitInBytes: Int64) throws(Problem) -> [UInt8] {
        guard dataLeft <= limitInBytes else {
            throw malformed("a member has \(dataLeft) bytes, more than the \(limitInBytes) allowed")
        }
        var bytes: [UInt8] = []
        while true {
            let portion = try readData(atMost: Int(limitInBytes))
            if portion.isEmpty { return bytes }
            bytes.append(contentsOf: portion)
        }
    }

    /// Reads what follows the archive's end, so that whoever fills the source is not left waiting.
    mutating func drain() throws(Problem) { try cursor.drain() }

    private struct Extensions {
        var pax = PaxRecords()
        var longName: [UInt8]?
        var longLink: [UInt8]?
        var isEmpty: Bool { pax.records.isEmpty && longName == nil && longLink == nil }
    }

    private mutating func skipRest() throws(Problem) {
        let rest = dataLeft + padding
        guard try cursor.skip(rest) else { throw malformed("it ends in the middle of a file") }
        offsetInBytes += rest
        (dataLeft, padding) = (0, 0)
    }

    /// The next header; nil at the end, which is a block of zeros or just no more data.
    private mutating func nextHeader() throws(Problem) -> TarHeader? {
        let block = try cursor.read(TarHeader.blockSize)
        offsetInBytes += Int64(block.count)
        if block.isEmpty || block.allSatisfy({ $0 == 0 }) { return nil }
        guard block.count == TarHeader.blockSize else {
            throw malformed("it ends in the middle of a header")
        }
        return try TarHeader(block)
    }

    private mutating func begin(dataSize: Int64) {
        dataLeft = dataSize
        padding = (512 - dataSize % 512) % 512
    }

    private mutating func extensionData(_ header: TarHeader) throws(Problem) -> [UInt8] {
        let size = try header.number(.size)
        guard 0...Self.extensionLimitInBytes ~= size else {
            throw malformed("an extended header has \(size) bytes")
        }
        begin(dataSize: size)
        let data = try readAllData(limitInBytes: size)
        try skipRest()
        return data
    }

    private mutating func longText(_ header: TarHeader) throws(Problem) -> [UInt8] {
        Array(try extensionData(header).prefix { $0 != 0 })
    }

    private mutating func entry(
        _ header: TarHeader, _ extensions: Extensions
    ) throws(Problem) -> TarEntry {
        let pax = extensions.pax
        let name = pax.value("path") ?? extensions.longName ?? header.name
        let link = pax.value("linkpath") ?? extensions.longLink ?? header.linkTarget
        guard !name.contains(0), !link.contains(0) else { throw malformed("a name holds a NUL") }
        guard let kind = Self.kind(of: header.type, name: name) else {
            throw Problem(
                kind: .unsupported, what: "cannot read the tar archive",
                why: "\(String(decoding: name, as: UTF8.self)) is of the unknown type "
                    + "\"\(String(decoding: [header.type], as: UTF8.self))\"")
        }
        let size = try pax.number("size", or: header, .size)
        guard size >= 0, size < 1 << 62 else { throw malformed("a member has \(size) bytes") }
        begin(dataSize: kind == .file ? size : 0)
        var entry = TarEntry(
            name: name, linkTarget: link, kind: kind,
            permissions: UInt32(truncatingIfNeeded: try header.number(.mode)) & 0o7777,
            owner: try Self.identity(pax.number("uid", or: header, .owner)),
            group: try Self.identity(pax.number("gid", or: header, .group)),
            sizeInBytes: dataLeft,
            modified: try Self.modified(header, pax),
            device: try Self.device(header, kind), attributes: pax.attributes, sparse: nil)
        try readSparseMap(of: &entry, header, pax)
        return entry
    }

    private static func kind(of type: UInt8, name: [UInt8]) -> TarEntry.Kind? {
        switch type {
        // Before ustar a directory was a file whose name ends in a slash.
        case 0, UInt8(ascii: "0"): name.last == UInt8(ascii: "/") ? .directory : .file
        case UInt8(ascii: "7"), UInt8(ascii: "S"): .file
        case UInt8(ascii: "1"): .hardLink
        case UInt8(ascii: "2"): .symlink
        case UInt8(ascii: "3"): .characterDevice
        case UInt8(ascii: "4"): .blockDevice
        case UInt8(ascii: "5"): .directory
        case UInt8(ascii: "6"): .fifo
        default: nil
        }
    }

    private static func identity(_ number: Int64) throws(Problem) -> UInt32 {
        guard let identity = UInt32(exactly: number), identity != .max else {
            throw malformed("\(number) is no user or group")
        }
        return identity
    }

    private static func modified(
        _ header: TarHeader, _ pax: PaxRecords
    ) throws(Problem) -> FileTime {
        if let time = try pax.time("mtime") { return time }
        return FileTime(seconds: try header.number(.modified), nanoseconds: 0)
    }

    private static func device(
        _ header: TarHeader, _ kind: TarEntry.Kind
    ) throws(Problem) -> DeviceNumber {
        guard kind == .characterDevice || kind == .blockDevice else {
            return DeviceNumber(rawValue: 0)
        }
        guard let major = UInt32(exactly: try header.number(.deviceMajor)),
            let minor = UInt32(exactly: try header.number(.deviceMinor))
        else { throw malformed("a device has impossible numbers") }
        return DeviceNumber(major: major, minor: minor)
    }
}
