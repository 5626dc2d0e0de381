import Diagnostics
import Linux
import OCI
import SystemPackage
import Testing

@testable import Storage

/// The writable layers of containers.
@Suite struct SnapshotsTests {
    @Test func `a layer that has arrived since it was looked for is used where it stays`() throws {
        try withTemporaryDirectory { root in
            let layers = try Layers(root: root)
            let snapshots = try Snapshots(root: root)
            let diffID = ContentHasher.sha256([1])
            let arriving = layers.arrivingPath(of: diffID)
            let place = root.appending("box")
            // Neither here nor there.
            #expect(throws: Problem.self) {
                try snapshots.prepareSettling(in: place, lower: [arriving])
            }
            guard let partial = try layers.beginPartial(diffID) else { throw Missing() }
            try partial.commit(
                LayerRecord(
                    diffID: diffID, kind: .directory, archiveInBytes: 0, sizeInBytes: 0, entries: 0,
                    skippedAttributes: 0, highestID: 0, boot: nil, flush: .done))
            let overlay = try snapshots.prepareSettling(in: place, lower: [arriving, layers.empty])
            #expect(overlay.lower == [layers.path(of: diffID), layers.empty])
            #expect(overlay.upper == place.appending("upper"))
        }
    }

    private struct Missing: Error {}
}
