import Diagnostics
import Linux
import OCI
import Storage
import SystemPackage

/// The files of a layer, written to its place from its archive.
struct WrittenLayer: Sendable {
    /// How they are kept.
    let kind: LayerRecord.Kind
    let tally: LayerUnpacker.Tally

    /// Unpacks the archive.
    ///
    /// The calling thread's umask must be 0.
    init(
        unpacking archive: any ByteSource, of diffID: Digest, into place: FilePath
    ) throws(Problem) {
        let root = try asking("cannot unpack the layer \(diffID)") {
            () throws(SystemCallError) in try OpenDirectory(at: place.appending(Layers.files))
        }
        var unpacker = try LayerUnpacker(into: root)
        var reader = TarReader(archive)
        try unpacker.unpack(&reader)
        kind = .directory
        tally = unpacker.tally
    }

    /// Keeps the archive, and writes an EROFS image that says what is where in it.
    ///
    /// Where an image cannot hold what the archive says, the archive is unpacked.
    ///
    /// - Parameters:
    ///   - archive: the archive's bytes.
    ///   - diffID: the layer.
    ///   - place: its place.
    ///   - blob: a file that has the archive as it is, of which the layer then has a name of its own.
    /// - Throws: what is wrong with the archive; what the disk refuses.
    init(
        imaging archive: any ByteSource, of diffID: Digest, into place: FilePath,
        sharing blob: FilePath?
    ) throws(Problem) {
        let path = place.appending(ErofsSnapshotter.archive)
        let copy = try RecordedSource(archive, to: path, sharing: blob)
        var reader = TarReader(copy)
        var builder = ErofsTreeBuilder()
        var isImage = true
        while isImage, let entry = try reader.nextEntry() {
            isImage = try builder.add(entry, dataAt: reader.offsetInBytes)
        }
        try reader.drain()
        guard isImage else {
            self = try WrittenLayer(unpackingCopy: path, of: diffID, into: place)
            return
        }
        let image = ErofsImage(
            root: builder.root, dataInBytes: copy.sizeInBytes, uuid: diffID.firstBytes)
        try Self.write(image, of: diffID, into: place)
        kind = .erofs
        tally = builder.tally
    }

    /// Keeps the data of each file once over all layers, and writes an EROFS image of the names.
    ///
    /// The archive is kept until all of it has found its place: where an image cannot hold what it
    /// says, it is unpacked. The objects that it has brought are then garbage.
    ///
    /// - Parameters:
    ///   - archive: the archive's bytes.
    ///   - diffID: the layer.
    ///   - place: its place.
    ///   - objects: the data of files.
    ///   - blob: a file that has the archive as it is.
    /// - Throws: what is wrong with the archive; what the disk refuses.
    init(
        sharing archive: any ByteSource, of diffID: Digest, into place: FilePath,
        objects: LayerObjects, blob: FilePath?
    ) throws(Problem) {
        let path = place.appending(ErofsSnapshotter.archive)
        var reader = TarReader(try RecordedSource(archive, to: path, sharing: blob))
        var builder = ErofsTreeBuilder()
        var files = try SharedFiles(objects, in: place)
        var isImage = true
        while isImage, let entry = try reader.nextEntry() {
            isImage = try builder.add(entry) { entry throws(Problem) in
                try files.content(of: entry, from: &reader)
            }
        }
        try reader.drain()
        guard isImage else {
            try files.remove()
            self = try WrittenLayer(unpackingCopy: path, of: diffID, into: place)
            return
        }
        if let data = ErofsAttribute.data(in: LayerObjects.pathFromLayer) {
            builder.root.set(data)
        }
        let image = ErofsImage(root: builder.root, dataInBytes: nil, uuid: diffID.firstBytes)
        try Self.write(image, of: diffID, into: place)
        try asking("cannot remove \(path)") { () throws(SystemCallError) in try Link.remove(path) }
        kind = .composefs
        tally = builder.tally
    }

    /// Unpacks the archive's copy in the layer's place, which goes.
    private init(
        unpackingCopy path: FilePath, of diffID: Digest, into place: FilePath
    ) throws(Problem) {
        let source = try asking("cannot read \(path)") { () throws(SystemCallError) in
            try OwnedFD.open(path, .readOnly)
        }
        self = try WrittenLayer(
            unpacking: FileSource(source, named: "\(path)"), of: diffID, into: place)
        try asking("cannot remove \(path)") { () throws(SystemCallError) in try Link.remove(path) }
    }

    private static func write(
        _ image: ErofsImage, of diffID: Digest, into place: FilePath
    ) throws(Problem) {
        try asking("cannot write the image of the layer \(diffID)") {
            () throws(SystemCallError) in
            try File.create(
                place.appending(ErofsSnapshotter.image), content: image.bytes(),
                permissions: .layerFile)
        }
    }
}

/// The bytes of a source, written to a file while they are read.
private final class RecordedSource: ByteSource {
    private let source: any ByteSource
    /// Nil where the file has the bytes already.
    private let file: SharedFile?
    private(set) var sizeInBytes: Int64 = 0

    init(_ source: any ByteSource, to path: FilePath, sharing blob: FilePath?) throws(Problem) {
        self.source = source
        // Not every file system has hard links, nor as many: then it is a copy.
        if let blob, (try? Link.makeHard(at: path, to: blob)) != nil {
            file = nil
            return
        }
        let opened = try asking("cannot make \(path)") { () throws(SystemCallError) in
            try OwnedFD.open(path, [.writeOnly, .create, .exclusive], permissions: .layerFile)
        }
        file = SharedFile(opened, named: "\(path)")
    }

    func nextChunk() throws(Problem) -> Chunk? {
        guard let chunk = try source.nextChunk() else { return nil }
        try file?.write(chunk.bytes)
        sizeInBytes += Int64(chunk.bytes.count)
        return chunk
    }
}

extension FilePermissions {
    /// Files that hold those of a layer, of any owner and mode: for root alone.
    fileprivate static let layerFile = FilePermissions(rawValue: 0o600)
}
