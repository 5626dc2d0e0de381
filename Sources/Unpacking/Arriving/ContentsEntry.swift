import Linux
import OCI

/// A line of a table of contents: a file, or one more chunk of the file before it.
///
/// eStargz and zstd:chunked have the same lines, but for ``end`` and ``innerOffset``.
struct ContentsEntry: Sendable {
    var type = ""
    var name = ""
    var linkName = ""
    var mode: Int64 = 0
    var size: Int64 = 0
    var owner: Int64 = 0
    var group: Int64 = 0
    var modified: String?
    var deviceMajor: Int64 = 0
    var deviceMinor: Int64 = 0
    var attributes: [String: String] = [:]
    /// Of the whole file.
    var digest: String?
    /// Where its compressed bytes begin in the blob.
    var offset: Int64 = 0
    /// Where those of the whole file end; only zstd:chunked says it.
    var end: Int64?
    /// What has to be left out of the bytes that come from there; only eStargz has it.
    var innerOffset: Int64 = 0
    var chunkOffset: Int64 = 0
    /// 0 is the rest of the file.
    var chunkSize: Int64 = 0
    var chunkDigest: String?
    /// "zeros", or empty for what is in the blob.
    var chunkType = ""

    init(from json: inout JSONReader) throws(JSONError) {
        try json.enterObject()
        while let key = try json.nextKey() {
            switch key {
            case "type": type = try json.read()
            case "name": name = try json.read()
            case "linkName": linkName = try json.read()
            case "mode": mode = try json.read()
            case "size": size = try json.read()
            case "uid": owner = try json.read()
            case "gid": group = try json.read()
            case "modtime": modified = try json.read()
            case "devMajor": deviceMajor = try json.read()
            case "devMinor": deviceMinor = try json.read()
            case "xattrs": attributes = try json.read()
            case "digest": digest = try json.read()
            case "offset": offset = try json.read()
            case "endOffset": end = try json.read()
            case "innerOffset": innerOffset = try json.read()
            case "chunkOffset": chunkOffset = try json.read()
            case "chunkSize": chunkSize = try json.read()
            case "chunkDigest": chunkDigest = try json.read()
            case "chunkType": chunkType = try json.read()
            default: try json.skipValue()
            }
        }
    }

    /// All lines of a table of contents; nil where there are more.
    static func read(
        from json: inout JSONReader, atMost most: Int
    ) throws(JSONError) -> [ContentsEntry]? {
        var entries: [ContentsEntry] = []
        try json.enterObject()
        while let key = try json.nextKey() {
            guard "entries" ~= key else {
                try json.skipValue()
                continue
            }
            try json.enterArray()
            while try json.nextElement() {
                guard entries.count < most else { return nil }
                entries.append(try ContentsEntry(from: &json))
            }
        }
        try json.finish()
        return entries
    }
}

extension ContentsEntry {
    /// The member of the archive that the line is about; nil for what is none.
    var member: TarEntry? {
        guard let kind = Self.kinds[type], let owner = UInt32(exactly: owner),
            let group = UInt32(exactly: group), size >= 0
        else { return nil }
        var own: [TarEntry.Attribute] = []
        for (name, text) in attributes.sorted(by: { $0.key < $1.key }) {
            guard let value = Base64.decode(text) else { return nil }
            own.append(TarEntry.Attribute(name: name, value: value))
        }
        let moment = modified.flatMap { RFC3339.nanosecondsSinceEpoch($0) } ?? 0
        let (whole, rest) = moment.quotientAndRemainder(dividingBy: 1_000_000_000)
        return TarEntry(
            name: Array(name.utf8), linkTarget: Array(linkName.utf8), kind: kind,
            permissions: UInt32(truncatingIfNeeded: mode) & 0o7777, owner: owner, group: group,
            sizeInBytes: kind == .file ? size : 0,
            modified: FileTime(
                seconds: rest < 0 ? whole - 1 : whole,
                nanoseconds: rest < 0 ? rest + 1_000_000_000 : rest),
            device: DeviceNumber(
                major: UInt32(truncatingIfNeeded: deviceMajor),
                minor: UInt32(truncatingIfNeeded: deviceMinor)),
            attributes: own, sparse: nil)
    }

    private static let kinds: [String: TarEntry.Kind] = [
        "reg": .file, "dir": .directory, "symlink": .symlink, "hardlink": .hardLink,
        "char": .characterDevice, "block": .blockDevice, "fifo": .fifo,
    ]
}
