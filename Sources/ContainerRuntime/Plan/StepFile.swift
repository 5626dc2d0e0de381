package import Diagnostics
package import Linux
package import SystemPackage

/// A container's file `steps`: what the engine and the monitor did once, then the steps of the last
/// start.
///
/// Records are kept in memory until there is nothing left to do but to write them, all at once.
package struct StepFile: Sendable {
    package let path: FilePath
    /// How much of the file stays from start to start.
    private var keptInBytes: Int64
    /// What comes after that and is not in the file yet.
    private var noted: [UInt8] = []
    /// Whether the file may have steps of an earlier start.
    private var hasEarlierStart = false

    /// A file that goes on after what is in it now.
    package init(continuing path: FilePath) throws(SystemCallError) {
        self.path = path
        do throws(SystemCallError) {
            keptInBytes = try FileStatus(ofLink: path).sizeInBytes
        } catch  where error.errno == .noSuchFileOrDirectory {
            keptInBytes = 0
        }
    }

    /// Notes steps to be written before those of the next ``write(_:)``.
    package mutating func note(_ records: [StepRecord]) { noted += records.bytes }

    /// Writes what was noted, and the steps of a start, in the place of those of an earlier start.
    package func write(_ records: [StepRecord]) throws(SystemCallError) {
        let file = try OwnedFD.open(
            path, [.writeOnly, .create, .append], permissions: .ownerReadWrite)
        if hasEarlierStart { try file.truncate(toSizeInBytes: keptInBytes) }
        try file.writeAll(noted + records.bytes)
    }

    /// Takes note of a start that was to write its steps.
    ///
    /// - Parameter isWritten: whether it did; what was noted before it then stays in the file.
    package mutating func goOn(isWritten: Bool) {
        hasEarlierStart = true
        guard isWritten else { return }
        keptInBytes += Int64(noted.count)
        noted = []
    }
}
