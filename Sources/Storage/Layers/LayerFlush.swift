package import Diagnostics
import Linux
import OCI
import SystemPackage

/// Writing unpacked layers to the disk, after they are in use.
///
/// Nobody waits for the disk when a layer is put in place: in the boot that unpacked it the page
/// cache shows it whole, and its record names that boot. Afterwards ``Layers/flush()`` writes it to
/// the disk, in the way of its kind, and only then changes one digit of the record. After a sudden end of the
/// machine a record therefore says `flushed` only of a layer that is on the disk; every other
/// record, old, torn or missing, makes the layer one that is not there, and it is unpacked again
/// from its blob (which is on the disk before its name is).
extension Layers {
    /// Whether any layer of this boot waits to be written to the disk.
    package func needsFlush() throws(Problem) -> Bool {
        for diffID in try list() where isPending(diffID) { return true }
        return false
    }

    /// Whether a layer waits to be written to the disk.
    func isPending(_ diffID: Digest) -> Bool {
        guard let record = try? record(of: diffID) else { return false }  // it is not there
        return record.flush == .pending && record.isWhole(inBoot: currentBoot)
    }

    /// Writes the layers of this boot to the disk, and notes it in their records.
    ///
    /// Several processes may do so at once, and layers may come and go meanwhile.
    ///
    /// - Throws: `.unavailable` when the disk refuses; the layers that waited then count as lost.
    package func flush() throws(Problem) {
        var pending: [PendingRecord] = []
        for diffID in try list() where isPending(diffID) {
            // Opened before the flush, so that a layer that takes its place afterwards stays as it
            // is. One that was removed meanwhile needs no flush.
            if let record = try PendingRecord(of: diffID, in: self) { pending.append(record) }
            if pending.count == Self.recordsAtOnce { try flush(&pending) }
        }
        try flush(&pending)
    }

    /// How many records are held open.
    private static let recordsAtOnce = 200

    private func flush(_ pending: inout [PendingRecord]) throws(Problem) {
        guard !pending.isEmpty else { return }
        for kind in LayerRecord.Kind.allCases {
            let records = pending.filter { $0.kind == kind }
            if !records.isEmpty { try flush(records, kind.snapshotter) }
        }
        pending = []
    }

    private func flush(
        _ records: [PendingRecord], _ snapshotter: any Snapshotter
    ) throws(Problem) {
        let directory = directory.appending("sha256")
        do throws(SystemCallError) {
            try snapshotter.synchronize(records.map { place(of: $0.diffID) }, in: directory)
        } catch {
            for record in records { try record.set(.failed) }
            throw Problem(error, what: "cannot write the layers in \(directory) to the disk")
        }
        for record in records { try record.set(.done) }
    }
}

/// The record of a layer that waits to be written to the disk, held open.
private final class PendingRecord {
    private let file: OwnedFD
    private let offsetOfDigit: Int64
    let diffID: Digest
    let kind: LayerRecord.Kind

    /// Opens a record; nil when the layer was removed or flushed meanwhile.
    init?(of diffID: Digest, in layers: Layers) throws(Problem) {
        let path = layers.place(of: diffID).appending(Layers.recordName)
        let bytes: [UInt8]
        do throws(SystemCallError) {
            file = try OwnedFD.open(path, .readWrite)
            bytes = try file.readAll()
        } catch  where error.errno == .noSuchFileOrDirectory {
            return nil
        } catch {
            throw Problem(error, what: "cannot read about the layer \(diffID)")
        }
        guard let record = try? LayerRecord(json: bytes, named: "\(path)"),
            record.flush == .pending, record.json() == bytes
        else { return nil }
        self.diffID = diffID
        kind = record.kind
        offsetOfDigit = Int64(bytes.count) - 2  // before the closing brace
    }

    /// Changes the record in place: one byte, which is written whole or not at all.
    func set(_ flush: LayerRecord.Flush) throws(Problem) {
        let digit = UInt8(ascii: "0") + UInt8(flush.rawValue)
        do throws(SystemCallError) {
            _ = try withUnsafeTemporaryAllocation(byteCount: 1, alignment: 1) {
                buffer throws(SystemCallError) in
                buffer[0] = digit
                return try file.write(
                    UnsafeRawBufferPointer(buffer), atOffsetInBytes: offsetOfDigit)
            }
        } catch {
            throw Problem(error, what: "cannot note that the layer \(diffID) is on the disk")
        }
    }
}
