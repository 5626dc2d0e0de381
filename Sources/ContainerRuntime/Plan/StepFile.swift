package import Diagnostics
package import Linux
import OCI
package import SystemPackage

/// A file that the steps of a start are appended to, a line of JSON each: `steps.jsonl`.
package struct StepFile: Sendable {
    package let path: FilePath
    /// How much of it others wrote before, which stays.
    private let keptInBytes: Int64

    /// A file that begins anew.
    package init(replacing path: FilePath) {
        self.path = path
        keptInBytes = 0
    }

    /// A file that goes on after what is in it now.
    package init(continuing path: FilePath) throws(SystemCallError) {
        self.path = path
        do throws(SystemCallError) {
            keptInBytes = try FileStatus(ofLink: path).sizeInBytes
        } catch  where error.errno == .noSuchFileOrDirectory {
            keptInBytes = 0
        }
    }

    /// Removes the steps of an earlier start: those of the next one come in their place.
    package func begin() throws(SystemCallError) {
        try open().truncate(toSizeInBytes: keptInBytes)
    }

    package func append(_ records: [StepRecord]) throws(SystemCallError) {
        guard !records.isEmpty else { return }
        try open().writeAll(records.flatMap(\.jsonLine))
    }

    private func open() throws(SystemCallError) -> OwnedFD {
        try OwnedFD.open(
            path, [.writeOnly, .create, .append], permissions: .ownerReadWrite)
    }
}
