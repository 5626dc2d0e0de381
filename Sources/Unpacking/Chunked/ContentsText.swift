import Linux
import OCI

extension ArchiveOutline {
    /// The table of contents, in JSON: of eStargz (docs/estargz.md, TOC), which zstd:chunked shares
    /// but for the places where parts end.
    func contents(of format: ChunkedFormat) -> [UInt8] {
        var json = JSONWriter(.compact)
        json.beginObject()
        json.member("version", 1)
        json.key("entries")
        json.beginArray()
        for member in members {
            write(member, to: &json, format)
            for chunk in member.chunks.dropFirst() {
                json.beginObject()
                json.member("type", "chunk")
                json.member("name", member.entry.displayName)
                write(chunk, of: member, to: &json, format)
                json.endObject()
            }
        }
        json.endArray()
        json.endObject()
        return json.bytes
    }

    private func write(_ member: Member, to json: inout JSONWriter, _ format: ChunkedFormat) {
        let entry = member.entry
        json.beginObject()
        json.member("type", entry.kind.nameInContents)
        json.member("name", entry.displayName)
        if !entry.linkTarget.isEmpty {
            json.member("linkName", String(decoding: entry.linkTarget, as: UTF8.self))
        }
        json.member("mode", Int64(entry.permissions))
        if entry.kind == .file { json.member("size", entry.sizeInBytes) }
        json.member(
            "modtime", RFC3339.text(nanosecondsSinceEpoch: member.nanosecondsSinceEpoch))
        json.member("uid", Int64(entry.owner))
        json.member("gid", Int64(entry.group))
        if entry.kind == .characterDevice || entry.kind == .blockDevice {
            json.member("devMajor", Int64(entry.device.major))
            json.member("devMinor", Int64(entry.device.minor))
        }
        if !entry.attributes.isEmpty {
            json.key("xattrs")
            json.beginObject()
            for attribute in entry.attributes {
                json.member(attribute.name, Base64.encode(attribute.value))
            }
            json.endObject()
        }
        if entry.kind == .file { json.member("digest", "\(member.digest)") }
        if let first = member.chunks.first { write(first, of: member, to: &json, format) }
        json.endObject()
    }

    private func write(
        _ chunk: ArchiveChunk, of member: Member, to json: inout JSONWriter,
        _ format: ChunkedFormat
    ) {
        json.member("offset", chunk.place.lowerBound)
        if format == .zstdChunked { json.member("endOffset", chunk.place.upperBound) }
        if let first = member.chunks.first, member.chunks.count > 1 {
            json.member("chunkOffset", chunk.range.lowerBound - first.range.lowerBound)
            json.member("chunkSize", Int64(chunk.range.count))
        }
        json.member("chunkDigest", "\(chunk.digest)")
    }
}

extension TarEntry.Kind {
    /// How tables of contents call it.
    var nameInContents: String {
        switch self {
        case .file: "reg"
        case .hardLink: "hardlink"
        case .symlink: "symlink"
        case .characterDevice: "char"
        case .blockDevice: "block"
        case .directory: "dir"
        case .fifo: "fifo"
        }
    }
}
