import Linux

/// A member's 512-byte header as POSIX ustar has it, and what of the member does not fit in it.
struct TarHeaderBlock {
    private(set) var bytes = [UInt8](repeating: 0, count: TarHeader.blockSize)
    /// The records of the PAX header that must come before this one; none where all fits.
    private(set) var pax = PaxRecords()

    /// The header of a member.
    init(_ entry: TarEntry) {
        put(name: entry.name, at: 0, limit: 100, key: "path")
        put(name: entry.linkTarget, at: 157, limit: 100, key: "linkpath")
        put(octal: UInt64(entry.permissions & 0o7777), .mode)
        put(UInt64(entry.owner), .owner, key: "uid")
        put(UInt64(entry.group), .group, key: "gid")
        put(UInt64(entry.sizeInBytes), .size, key: "size")
        put(entry.modified)
        put(octal: UInt64(entry.device.major), .deviceMajor)
        put(octal: UInt64(entry.device.minor), .deviceMinor)
        for attribute in entry.attributes {
            pax.append("SCHILY.xattr.\(attribute.name)", attribute.value)
        }
        seal(type: entry.kind.typeFlag)
    }

    /// The header of the PAX header of a member.
    init(extensionOf entry: TarEntry, sizeInBytes: Int64) {
        // The name is for readers that do not know PAX; nothing else looks at it.
        let name = Array("PaxHeaders.0/".utf8) + (entry.name.last == 47 ? "directory" : "file").utf8
        bytes.replaceSubrange(0..<name.count, with: name)
        put(octal: 0o644, .mode)
        for field in [TarHeader.Field.owner, .group, .modified, .deviceMajor, .deviceMinor] {
            put(octal: 0, field)
        }
        put(octal: UInt64(sizeInBytes), .size)
        seal(type: UInt8(ascii: "x"))
    }

    private mutating func put(name: [UInt8], at offset: Int, limit: Int, key: String) {
        if name.count > limit { pax.append(key, name) }
        let text = name.prefix(limit)
        bytes.replaceSubrange(offset..<(offset + text.count), with: text)
    }

    /// Writes a number, and 0 with a PAX record where the field is too short for it.
    private mutating func put(_ value: UInt64, _ field: TarHeader.Field, key: String) {
        let fits = value < 1 << UInt64(3 * (field.range.count - 1))
        if !fits { pax.append(key, Array("\(value)".utf8)) }
        put(octal: fits ? value : 0, field)
    }

    private mutating func put(_ time: FileTime) {
        let fits = time.seconds >= 0 && time.seconds < 1 << 33
        if !fits || time.nanoseconds != 0 { pax.append("mtime", Array(time.decimal.utf8)) }
        put(octal: fits ? UInt64(time.seconds) : 0, .modified)
    }

    /// Octal digits, and a NUL in the field's last byte.
    private mutating func put(octal value: UInt64, _ field: TarHeader.Field) {
        var rest = value
        for index in field.range.dropLast().reversed() {
            bytes[index] = UInt8(ascii: "0") + UInt8(rest & 7)
            rest >>= 3
        }
    }

    private mutating func seal(type: UInt8) {
        bytes[156] = type
        bytes.replaceSubrange(257..<265, with: "ustar\u{0}00".utf8)
        for index in 148..<156 { bytes[index] = UInt8(ascii: " ") }
        var sum = bytes.reduce(0) { $0 + UInt64($1) }
        for index in (148..<154).reversed() {
            bytes[index] = UInt8(ascii: "0") + UInt8(sum & 7)
            sum >>= 3
        }
        bytes[154] = 0
    }
}

extension TarEntry.Kind {
    /// The letter of a header.
    fileprivate var typeFlag: UInt8 {
        switch self {
        case .file: UInt8(ascii: "0")
        case .hardLink: UInt8(ascii: "1")
        case .symlink: UInt8(ascii: "2")
        case .characterDevice: UInt8(ascii: "3")
        case .blockDevice: UInt8(ascii: "4")
        case .directory: UInt8(ascii: "5")
        case .fifo: UInt8(ascii: "6")
        }
    }
}

extension FileTime {
    /// Seconds with a fraction, as PAX writes them: "-0.5" is half a second before 1970.
    fileprivate var decimal: String {
        let isNegative = seconds < 0 && nanoseconds > 0
        let whole = isNegative ? seconds + 1 : seconds
        var fraction = isNegative ? 1_000_000_000 - nanoseconds : nanoseconds
        guard fraction > 0 else { return "\(whole)" }
        var digits = 9
        while fraction % 10 == 0 {
            fraction /= 10
            digits -= 1
        }
        let text = "\(fraction)"
        let sign = isNegative && whole == 0 ? "-" : ""
        return "\(sign)\(whole)." + String(repeating: "0", count: digits - text.utf8.count) + text
    }
}
