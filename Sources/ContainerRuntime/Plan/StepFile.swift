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

    /// Puts the first steps of a start in the place of those of an earlier one.
    package func begin(with records: [StepRecord]) throws(SystemCallError) {
        let file = try open()
        try file.truncate(toSizeInBytes: keptInBytes)
        try file.writeAll(records.flatMap(\.jsonLine))
    }

    /// Adds steps of the same start.
    package func append(_ records: [StepRecord]) throws(SystemCallError) {
        try open().writeAll(records.flatMap(\.jsonLine))
    }

    private func open() throws(SystemCallError) -> OwnedFD {
        try OwnedFD.open(
            path, [.writeOnly, .create, .append], permissions: .ownerReadWrite)
    }
}
