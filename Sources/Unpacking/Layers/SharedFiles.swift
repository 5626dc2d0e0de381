import Diagnostics
import Linux
import Storage
import SystemPackage

/// Makes objects of the files of a layer that is being unpacked.
struct SharedFiles {
    private let objects: LayerObjects
    private let list: ObjectList
    private let place: FilePath

    /// The digest of a file is that of its gaps, too: with more of them the layer is unpacked.
    private static let mostGapsInBytes: Int64 = 1 << 30

    init(_ objects: LayerObjects, in place: FilePath) throws(Problem) {
        self.objects = objects
        self.place = place
        list = try asking("cannot list the objects of a layer in \(place)") {
            () throws(SystemCallError) in try objects.beginList(in: place)
        }
    }

    /// Stores what a file holds.
    ///
    /// - Parameters:
    ///   - entry: the file.
    ///   - reader: is at its data, and then behind it.
    /// - Returns: nil for a file that no object is made of.
    /// - Throws: what is wrong with the archive; what the disk refuses.
    mutating func content(
        of entry: TarEntry, from reader: inout TarReader
    ) throws(Problem) -> ErofsTreeBuilder.FileContent? {
        let size = entry.fileSizeInBytes
        if entry.sparse == nil, size <= LayerObjects.smallInBytes {
            let bytes = try reader.readAllData(limitInBytes: LayerObjects.smallInBytes)
            guard !bytes.isEmpty else {
                return ErofsData(sizeInBytes: 0, extents: []).map { .init(content: .file($0)) }
            }
            return .init(content: .smallFile(bytes))
        }
        let dataInBytes = entry.dataRanges.reduce(0) { $0 + Int64($1.count) }
        guard size - dataInBytes <= Self.mostGapsInBytes,
            let nothing = ErofsData(sizeInBytes: size, extents: [])
        else { return nil }
        let what = "cannot store \(entry.displayName) of the layer"
        var draft = try asking(what) { () throws(SystemCallError) in try objects.begin() }
        var position: Int64 = 0
        for range in entry.dataRanges {
            do throws(SystemCallError) {
                try draft.writeGap(range.lowerBound - position)
            } catch {
                throw Problem(error, what: what)
            }
            var rest = Int64(range.count)
            while rest > 0 {
                let bytes = try reader.readData(atMost: Int(min(rest, 1 << 20)))
                do throws(SystemCallError) {
                    try draft.write(bytes)
                } catch {
                    throw Problem(error, what: what)
                }
                rest -= Int64(bytes.count)
            }
            position = range.upperBound
        }
        do throws(SystemCallError) {
            try draft.writeGap(size - position)
            let digest = try draft.finish(listing: list)
            return .init(
                content: .file(nothing),
                attributes: [.hasNoData, .redirect(to: LayerObjects.redirect(to: digest))])
        } catch {
            throw Problem(error, what: what)
        }
    }

    /// Takes the list away: the layer will have no objects.
    consuming func remove() throws(Problem) {
        let path = place.appending(ObjectList.name)
        try asking("cannot remove \(path)") { () throws(SystemCallError) in try Link.remove(path) }
    }
}
