import Diagnostics

extension TarReader {
    /// Finds where the data of a sparse file belongs, in whichever of GNU's four formats.
    mutating func readSparseMap(
        of entry: inout TarEntry, _ header: TarHeader, _ pax: PaxRecords
    ) throws(Problem) {
        if header.type == UInt8(ascii: "S") {
            entry.sparse = try oldSparseMap(header)
        } else if entry.kind == .file, try pax.number("GNU.sparse.major") == 1 {
            entry.name = pax.value("GNU.sparse.name") ?? entry.name
            let ranges = try embeddedRanges()
            entry.sizeInBytes = dataLeft
            entry.sparse = SparseMap(
                sizeInBytes: try pax.number("GNU.sparse.realsize") ?? -1, ranges: ranges)
        } else if entry.kind == .file, let size = try pax.number("GNU.sparse.size") {
            entry.name = pax.value("GNU.sparse.name") ?? entry.name
            entry.sparse = SparseMap(sizeInBytes: size, ranges: try pax.sparseRanges())
        }
        if let sparse = entry.sparse, !sparse.fits(dataSizeInBytes: dataLeft) {
            throw malformed("the map of the sparse file \(entry.displayName) is wrong")
        }
    }

    /// GNU's old format: four ranges in the header, 21 in each block that follows.
    private mutating func oldSparseMap(_ header: TarHeader) throws(Problem) -> SparseMap {
        var numbers = try Self.sparseNumbers(header.block[386..<482])
        var hasMore = header.block[482] != 0
        while hasMore {
            let block = try cursor.read(TarHeader.blockSize)
            offsetInBytes += Int64(block.count)
            guard block.count == TarHeader.blockSize, numbers.count < 1 << 20 else {
                throw malformed("the map of a sparse file does not end")
            }
            numbers += try Self.sparseNumbers(block[0..<504])
            hasMore = block[504] != 0
        }
        return SparseMap(
            sizeInBytes: try header.number(.realSize), ranges: try sparseRanges(numbers))
    }

    private static func sparseNumbers(_ fields: ArraySlice<UInt8>) throws(Problem) -> [Int64] {
        var numbers: [Int64] = []
        for start in stride(from: fields.startIndex, to: fields.endIndex, by: 12) {
            let field = fields[start..<(start + 12)]
            if field.first == 0 { break }
            let value =
                field.first.map { $0 & 0x80 != 0 } == true
                ? TarHeader.base256(field) : TarHeader.octal(field)
            guard let value else { throw malformed("the map of a sparse file has no numbers") }
            numbers.append(value)
        }
        return numbers
    }

    /// PAX format 1.0: decimal lines at the start of the data, padded to a block.
    private mutating func embeddedRanges() throws(Problem) -> [Range<Int64>] {
        var lines: [Int64] = []
        var line: [UInt8] = []
        var count = 1
        while lines.count < count {
            guard dataLeft >= 512 else { throw malformed("the map of a sparse file does not end") }
            var block: [UInt8] = []
            while block.count < 512 {
                block.append(contentsOf: try readData(atMost: 512 - block.count))
            }
            for byte in block where lines.count < count {
                guard byte == UInt8(ascii: "\n") else {
                    line.append(byte)
                    continue
                }
                guard let number = PaxRecords.decimal(line[...]) else {
                    throw malformed("the map of a sparse file has no numbers")
                }
                line = []
                lines.append(number)
                if lines.count == 1 {
                    guard number < 1 << 20 else {
                        throw malformed("a sparse file is too scattered")
                    }
                    count = 1 + 2 * Int(number)
                }
            }
        }
        return try sparseRanges(Array(lines.dropFirst()))
    }
}

extension PaxRecords {
    /// A record's number, or that of the plain header where there is no record.
    func number(
        _ key: String, or header: TarHeader, _ field: TarHeader.Field
    ) throws(Problem) -> Int64 {
        if let number = try number(key) { return number }
        return try header.number(field)
    }

    /// The extended attributes of a member.
    var attributes: [TarEntry.Attribute] {
        let prefix = "SCHILY.xattr."
        return records.filter { $0.key.hasPrefix(prefix) }.map {
            TarEntry.Attribute(name: String($0.key.dropFirst(prefix.count)), value: $0.value)
        }
    }

    /// PAX formats 0.0 (repeated records) and 0.1 (one list of numbers).
    func sparseRanges() throws(Problem) -> [Range<Int64>] {
        var numbers: [Int64?] = []
        if let list = value("GNU.sparse.map") {
            numbers = list.split(separator: UInt8(ascii: ",")).map { Self.decimal($0) }
        } else {
            for record in records
            where record.key == "GNU.sparse.offset" || record.key == "GNU.sparse.numbytes" {
                numbers.append(Self.decimal(record.value[...]))
            }
        }
        let known = numbers.compactMap { $0 }
        guard known.count == numbers.count else {
            throw malformed("the map of a sparse file has no numbers")
        }
        return try Unpacking.sparseRanges(known)
    }
}

/// Pairs of offset and length as ranges; empty ones carry nothing.
private func sparseRanges(_ numbers: [Int64]) throws(Problem) -> [Range<Int64>] {
    guard numbers.count.isMultiple(of: 2) else {
        throw malformed("the map of a sparse file has an offset without a length")
    }
    var ranges: [Range<Int64>] = []
    for index in stride(from: 0, to: numbers.count, by: 2) {
        let (end, overflow) = numbers[index].addingReportingOverflow(numbers[index + 1])
        guard numbers[index] >= 0, numbers[index + 1] >= 0, !overflow else {
            throw malformed("the map of a sparse file has impossible numbers")
        }
        if numbers[index + 1] > 0 { ranges.append(numbers[index]..<end) }
    }
    return ranges
}
