package import Diagnostics
import Linux
package import OCI
package import SystemPackage

/// The objects of a layer that is being unpacked: `objects` in its place, a digest in each line.
///
/// A line is written before the object is used, under the lock of the objects.
package final class ObjectList {
    private let file: OwnedFD
    private var digests: Set<Digest> = []

    /// Its name in a layer's place.
    package static let name: FilePath.Component = "objects"

    /// Begins the list of a layer.
    init(in place: FilePath) throws(SystemCallError) {
        file = try OwnedFD.open(
            place.appending(Self.name), [.writeOnly, .create, .truncate, .append],
            permissions: .storeFile)
    }

    /// Whether the layer has the object already.
    func contains(_ digest: Digest) -> Bool { digests.contains(digest) }

    func append(_ digest: Digest) throws(SystemCallError) {
        try file.writeAll(digest.encoded + "\n")
        digests.insert(digest)
    }
}

extension Layers {
    /// The objects that a layer lists; none where its place has no list.
    ///
    /// - Throws: `.corrupt` when the layer must have one and has none; what the kernel refuses.
    package func objects(of diffID: Digest) throws(Problem) -> Set<Digest> {
        let digests = try objects(listedIn: place(of: diffID))
        if digests == nil, wholeRecord(of: diffID)?.kind == .composefs {
            throw Problem(
                kind: .corrupt, what: "cannot read which objects the layer \(diffID) has",
                why: "its list is missing", fix: "kade system check --repair unpacks it again")
        }
        return digests ?? []
    }

    /// The objects of a layer's place, whole or in part; nil where it has no list.
    private func objects(listedIn place: FilePath) throws(Problem) -> Set<Digest>? {
        let list = place.appending(ObjectList.name)
        let text: [UInt8]
        do throws(SystemCallError) {
            text = try File.read(list)
        } catch  where error.errno == .noSuchFileOrDirectory {
            return nil
        } catch {
            throw Problem(error, what: "cannot read \(list)")
        }
        var digests: Set<Digest> = []
        // Of a line that a power cut has torn nothing depends: its layer is not whole.
        for line in text.split(separator: UInt8(ascii: "\n")) {
            if let digest = Digest(hash: String(decoding: line, as: UTF8.self)) {
                digests.insert(digest)
            }
        }
        return digests
    }

    /// The bytes of a layer's files that go with it: those that it may share are objects.
    func ownBytes(of diffID: Digest) -> Int64 {
        guard let record = wholeRecord(of: diffID), record.kind != .composefs else { return 0 }
        return record.sizeInBytes
    }

    /// Removes the objects that no layer lists.
    ///
    /// - Parameters:
    ///   - gone: layers that count as removed.
    ///   - removes: whether the objects go; else they are only measured.
    /// - Returns: their bytes.
    /// - Throws: `.corrupt` when a layer has lost its list: nothing is removed then.
    func collectObjects(without gone: Set<Digest>, removes: Bool) throws(Problem) -> Int64 {
        let directory = objects.directory
        guard File.exists(directory) else { return 0 }
        let what = "cannot clear up the objects in \(directory)"
        let objects = objects
        let lock = try asking(what) { () throws(SystemCallError) in try objects.lock(.exclusive) }
        defer { withExtendedLifetime(lock) {} }
        let kept = try listedObjects(without: gone)
        return try asking(what) { () throws(SystemCallError) in
            var sum: Int64 = 0
            for group in try Directory.list(directory) {
                let place = directory.appending(group.name)
                for entry in try Directory.list(place) where !kept.contains(entry.name.string) {
                    let path = place.appending(entry.name)
                    sum += try FileStatus(ofLink: path).sizeInBytes
                    if removes { try Link.remove(path) }
                }
            }
            return sum
        }
    }

    /// What all layers list, those that are being unpacked included.
    private func listedObjects(without gone: Set<Digest>) throws(Problem) -> Set<String> {
        var kept: Set<String> = []
        for diffID in try list() where !gone.contains(diffID) {
            for digest in try objects(of: diffID) { kept.insert(digest.encoded) }
        }
        var others = try partials()
        if File.exists(merged.directory) {
            others += try merged.partials() + merged.list().map(merged.place(of:))
        }
        for partial in others {
            for digest in try objects(listedIn: partial) ?? [] { kept.insert(digest.encoded) }
        }
        return kept
    }
}
