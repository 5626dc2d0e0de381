/// Builds tar archives for tests, also such as no honest program makes.
struct TarBuilder {
    private(set) var bytes: [UInt8] = []

    /// The fields of a header.
    struct Header {
        var name: String
        var type: Character = "0"
        var mode = 0o644
        var owner = 0
        var group = 0
        var modified = 1_000_000
        var link = ""
        var major = 0
        var minor = 0
        var prefix = ""
        var data: [UInt8] = []
        /// What the size field says, where it is not the data's size.
        var size: Int?

        init(_ name: String, _ type: Character = "0") {
            self.name = name
            self.type = type
        }
    }

    /// Adds a member.
    mutating func add(_ header: Header, magic: String = "ustar\0" + "00") {
        var block = [UInt8](repeating: 0, count: 512)
        func put(_ text: String, at offset: Int) {
            for (index, byte) in text.utf8.enumerated() { block[offset + index] = byte }
        }
        func octal(_ value: Int, digits: Int) -> String {
            let text = String(value, radix: 8)
            return String(repeating: "0", count: max(0, digits - text.utf8.count)) + text
        }
        put(header.name, at: 0)
        put(octal(header.mode, digits: 7), at: 100)
        put(octal(header.owner, digits: 7), at: 108)
        put(octal(header.group, digits: 7), at: 116)
        put(octal(header.size ?? header.data.count, digits: 11), at: 124)
        put(octal(header.modified, digits: 11), at: 136)
        put(String(repeating: " ", count: 8), at: 148)
        put(String(header.type), at: 156)
        put(header.link, at: 157)
        put(magic, at: 257)
        put(octal(header.major, digits: 7), at: 329)
        put(octal(header.minor, digits: 7), at: 337)
        put(header.prefix, at: 345)
        let sum = block.reduce(0) { $0 + Int($1) }
        put(octal(sum, digits: 6) + "\0 ", at: 148)
        bytes += block
        append(data: header.data)
    }

    /// Adds a file.
    mutating func add(file name: String, _ text: String) {
        var header = Header(name)
        header.data = Array(text.utf8)
        add(header)
    }

    /// Adds a symbolic or hard link.
    mutating func add(link name: String, to target: String, _ type: Character) {
        var header = Header(name, type)
        header.link = target
        add(header)
    }

    /// Adds a PAX header for the next member.
    mutating func add(pax records: [(String, String)], _ type: Character = "x") {
        var text = ""
        for (key, value) in records {
            let rest = " \(key)=\(value)\n".utf8.count
            var length = rest + 1
            while "\(length)".utf8.count + rest != length { length += 1 }
            text += "\(length) \(key)=\(value)\n"
        }
        var header = Header("PaxHeader", type)
        header.data = Array(text.utf8)
        add(header)
    }

    /// Adds a ready block.
    mutating func add(raw block: [UInt8]) { bytes += block }

    /// The whole archive.
    var archive: [UInt8] { bytes + [UInt8](repeating: 0, count: 1024) }

    private mutating func append(data: [UInt8]) {
        bytes += data
        bytes += [UInt8](repeating: 0, count: (512 - data.count % 512) % 512)
    }
}
