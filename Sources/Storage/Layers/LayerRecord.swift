package import OCI

/// What is known of an unpacked layer: its `layer.json`.
package struct LayerRecord: Sendable, Equatable {
    /// The digest of the uncompressed archive.
    package var diffID: Digest
    /// How its files are kept.
    package var kind: Kind
    /// The size of the uncompressed archive.
    package var archiveInBytes: Int64
    /// The bytes of its files.
    package var sizeInBytes: Int64
    /// How many members the archive has.
    package var entries: Int
    /// How many extended attributes the file system could not hold.
    package var skippedAttributes: Int
    /// The highest user or group that a file belongs to, but nobody.
    ///
    /// Nil for a layer of an earlier version, of which it is not known.
    package var highestID: UInt32?
    /// The ID of the boot in which it was unpacked.
    ///
    /// Nil for one that was on the disk from the start, as earlier versions made them.
    package var boot: String?
    /// Whether its files are known to be on the disk.
    package var flush: Flush

    package init(
        diffID: Digest, kind: Kind, archiveInBytes: Int64, sizeInBytes: Int64, entries: Int,
        skippedAttributes: Int, highestID: UInt32?, boot: String?, flush: Flush
    ) {
        self.diffID = diffID
        self.kind = kind
        self.archiveInBytes = archiveInBytes
        self.sizeInBytes = sizeInBytes
        self.entries = entries
        self.skippedAttributes = skippedAttributes
        self.highestID = highestID
        self.boot = boot
        self.flush = flush
    }

    /// How the files of a layer are kept; the raw value is in the record.
    package enum Kind: String, Sendable, JSONStringEnum {
        case directory, erofs, composefs

        package var snapshotter: any Snapshotter {
            switch self {
            case .directory: DirectorySnapshotter()
            case .erofs: ErofsSnapshotter()
            case .composefs: ComposefsSnapshotter()
            }
        }
    }

    /// Whether a layer's files are on the disk; the raw value is the digit in the record.
    package enum Flush: Int, Sendable {
        /// The kernel writes them when it likes: they are whole in the boot that unpacked them.
        case pending = 0
        /// They are on the disk.
        case done = 1
        /// The disk refused some of them.
        case failed = 2
    }

    /// Whether the layer's files are whole.
    ///
    /// - Parameter currentBoot: asked for only where it matters; nil when it is not known.
    /// - Returns: false also when nobody can know.
    func isWhole(inBoot currentBoot: () -> String?) -> Bool {
        switch flush {
        case .done: true
        case .pending: boot != nil && boot == currentBoot()
        case .failed: false
        }
    }
}

extension LayerRecord: JSONCodable {
    package init(from json: inout JSONReader) throws(JSONError) {
        var diffID: Digest?
        var kind = Kind.directory  // earlier versions knew no other
        var (archiveInBytes, sizeInBytes): (Int64, Int64) = (0, 0)
        var (entries, skippedAttributes) = (0, 0)
        var highestID: Int64?
        var boot: String?
        var flushed = Flush.done.rawValue
        try json.enterObject()
        while let key = try json.nextKey() {
            switch key {
            case "diffID": diffID = try json.read()
            case "kind": kind = try json.read()
            case "archiveInBytes": archiveInBytes = try json.read()
            case "sizeInBytes": sizeInBytes = try json.read()
            case "entries": entries = try json.read()
            case "skippedAttributes": skippedAttributes = try json.read()
            case "highestID": highestID = try json.read()
            case "boot": boot = try json.read()
            case "flushed": flushed = try json.read()
            default: try json.skipValue()
            }
        }
        self.init(
            diffID: try json.required(diffID, "diffID"), kind: kind, archiveInBytes: archiveInBytes,
            sizeInBytes: sizeInBytes, entries: entries, skippedAttributes: skippedAttributes,
            highestID: highestID.map { UInt32(clamping: $0) }, boot: boot,
            flush: Flush(rawValue: flushed) ?? .failed)
    }

    package func write(to json: inout JSONWriter) {
        json.beginObject()
        json.member("diffID", diffID)
        json.member("kind", kind)
        json.member("archiveInBytes", archiveInBytes)
        json.member("sizeInBytes", sizeInBytes)
        json.member("entries", entries)
        json.member("skippedAttributes", skippedAttributes)
        if let highestID { json.member("highestID", Int64(highestID)) }
        if let boot { json.member("boot", boot) }
        json.member("flushed", flush.rawValue)  // last: see LayerFlush.swift
        json.endObject()
    }
}
