import Diagnostics
import Linux

/// The records of a PAX extended header: "length key=value\n" (POSIX pax, Extended Header).
struct PaxRecords {
    /// The records in their order; GNU's sparse format 0.0 repeats keys.
    private(set) var records: [Record] = []

    /// One record.
    struct Record: Equatable {
        var key: String
        var value: [UInt8]
    }

    init() {}

    /// Parses the data of an extended header.
    init(_ data: [UInt8]) throws(Problem) {
        var rest = data[...]
        while let first = rest.first, first != 0 {
            guard let space = rest.firstIndex(of: UInt8(ascii: " ")),
                let length = Self.decimal(rest[..<space]), length <= rest.count,
                rest.startIndex + Int(length) > space + 1
            else { throw malformed("an extended header has a record without a valid length") }
            let end = rest.startIndex + Int(length)
            let record = rest[(space + 1)..<(end - 1)]
            guard rest[end - 1] == UInt8(ascii: "\n"),
                let equals = record.firstIndex(of: UInt8(ascii: "="))
            else { throw malformed("an extended header has a record that is no key=value") }
            records.append(
                Record(
                    key: String(decoding: record[..<equals], as: UTF8.self),
                    value: Array(record[(equals + 1)...])))
            rest = rest[end...]
        }
    }

    /// The last value of a key; an empty one takes back what a global header said.
    func value(_ key: String) -> [UInt8]? {
        records.last { $0.key == key }.flatMap { $0.value.isEmpty ? nil : $0.value }
    }

    /// A key's value as a whole number.
    func number(_ key: String) throws(Problem) -> Int64? {
        guard let value = value(key) else { return nil }
        guard let number = Self.decimal(value[...]) else {
            throw malformed("the record \(key) of an extended header is no number")
        }
        return number
    }

    /// A key's value as seconds with a fraction: "1350244992.023960108".
    func time(_ key: String) throws(Problem) -> FileTime? {
        guard let value = value(key) else { return nil }
        let parts = value.split(
            separator: UInt8(ascii: "."), maxSplits: 1, omittingEmptySubsequences: false)
        let isNegative = value.first == UInt8(ascii: "-")
        guard let whole = Self.decimal(isNegative ? parts[0].dropFirst() : parts[0]) else {
            throw malformed("the record \(key) of an extended header is no time")
        }
        let digits = parts.count > 1 ? Array(parts[1].prefix(9)) : []
        let padded = digits + Array(repeating: UInt8(ascii: "0"), count: 9 - digits.count)
        guard let nanoseconds = Self.decimal(padded[...]) else {
            throw malformed("the record \(key) of an extended header is no time")
        }
        guard isNegative, nanoseconds > 0 else {
            return FileTime(seconds: isNegative ? -whole : whole, nanoseconds: nanoseconds)
        }
        return FileTime(seconds: -whole - 1, nanoseconds: 1_000_000_000 - nanoseconds)
    }

    /// These records on top of those of a global header.
    func over(_ global: PaxRecords) -> PaxRecords {
        guard !global.records.isEmpty else { return self }
        var merged = PaxRecords()
        merged.records = global.records + records
        return merged
    }

    /// Decimal digits; nil for anything else or more than fits.
    static func decimal(_ bytes: ArraySlice<UInt8>) -> Int64? {
        guard !bytes.isEmpty, bytes.count <= 18 else { return nil }
        var value: Int64 = 0
        for byte in bytes {
            guard UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte else { return nil }
            value = value * 10 + Int64(byte - UInt8(ascii: "0"))
        }
        return value
    }
}

extension PaxRecords {
    /// Adds a record.
    mutating func append(_ key: String, _ value: [UInt8]) {
        records.append(Record(key: key, value: value))
    }

    /// The data of an extended header with these records, in their order.
    var encoded: [UInt8] {
        var bytes: [UInt8] = []
        for record in records {
            // The length counts its own digits too.
            let rest = record.key.utf8.count + record.value.count + 3
            var length = rest
            while "\(length)".utf8.count + rest != length { length = "\(length)".utf8.count + rest }
            bytes += "\(length) \(record.key)=".utf8
            bytes += record.value
            bytes.append(UInt8(ascii: "\n"))
        }
        return bytes
    }
}
