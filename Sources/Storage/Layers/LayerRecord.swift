package import OCI

/// What is known of an unpacked layer: its `layer.json`.
package struct LayerRecord: Sendable, Equatable {
    /// The digest of the uncompressed archive.
    package var diffID: Digest
    /// The size of the uncompressed archive.
    package var archiveInBytes: Int64
    /// The bytes of its files.
    package var sizeInBytes: Int64
    /// How many members the archive has.
    package var entries: Int
    /// How many extended attributes the file system could not hold.
    package var skippedAttributes: Int

    package init(
        diffID: Digest, archiveInBytes: Int64, sizeInBytes: Int64, entries: Int,
        skippedAttributes: Int
    ) {
        self.diffID = diffID
        self.archiveInBytes = archiveInBytes
        self.sizeInBytes = sizeInBytes
        self.entries = entries
        self.skippedAttributes = skippedAttributes
    }
}

extension LayerRecord: JSONCodable {
    package init(from json: inout JSONReader) throws(JSONError) {
        var diffID: Digest?
        var (archiveInBytes, sizeInBytes): (Int64, Int64) = (0, 0)
        var (entries, skippedAttributes) = (0, 0)
        try json.enterObject()
        while let key = try json.nextKey() {
            switch key {
            case "diffID": diffID = try json.read()
            case "archiveInBytes": archiveInBytes = try json.read()
            case "sizeInBytes": sizeInBytes = try json.read()
            case "entries": entries = try json.read()
            case "skippedAttributes": skippedAttributes = try json.read()
            default: try json.skipValue()
            }
        }
        self.init(
            diffID: try json.required(diffID, "diffID"), archiveInBytes: archiveInBytes,
            sizeInBytes: sizeInBytes, entries: entries, skippedAttributes: skippedAttributes)
    }

    package func write(to json: inout JSONWriter) {
        json.beginObject()
        json.member("diffID", diffID)
        json.member("archiveInBytes", archiveInBytes)
        json.member("sizeInBytes", sizeInBytes)
        json.member("entries", entries)
        json.member("skippedAttributes", skippedAttributes)
        json.endObject()
    }
}
