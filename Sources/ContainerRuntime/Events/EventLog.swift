import Glibc
package import Linux
import OCI
package import SystemPackage

/// The file that commands and monitors append events to, since no daemon could tell of them:
/// one JSON object a line.
///
/// A line is one `write(2)` at the end of the file (`O_APPEND`), so that writers need no lock and
/// nobody waits for another that was stopped. When the file reaches its limit it becomes
/// `events.jsonl.1`, in the place of the one before. What was written while that happened is at
/// the end of the older file.
package struct EventLog: Sendable {
    private let path: FilePath

    /// The log in a directory, which is made when the first event comes.
    package init(in directory: FilePath) {
        path = directory.appending("events.jsonl")
    }

    /// The size at which a file is full; there are two.
    package static let limitInBytes: Int64 = 4 << 20

    /// The directory to watch for changes.
    package var directory: FilePath { path.removingLastComponent() }
    /// The files, the older first; either may be missing.
    package var files: [FilePath] { [older, path] }

    /// Appends an event with the present time.
    ///
    /// What happened has happened, and must not fail because nobody can be told: where the disk is
    /// full, or nobody may write there, the event is missing in the log.
    package func append(
        _ action: Event.Action, of kind: Event.Kind, _ id: String, _ attributes: [String: String]
    ) {
        let event = Event(
            kind: kind, action: action, id: id, attributes: attributes,
            nanosecondsSinceEpoch: nanosecondsSinceEpoch())
        try? append(event)  // see above
    }

    /// Appends an event, and begins a new file when this one is full.
    package func append(_ event: Event) throws(SystemCallError) {
        let file = try openMakingDirectory()
        // All at once, since others write too; a part that a full disk left is no event.
        let line = event.json() + [UInt8(ascii: "\n")]
        let written = try line.withUnsafeBufferPointer { bytes throws(SystemCallError) in
            try file.write(UnsafeRawBufferPointer(bytes))
        }
        guard written == line.count else {
            throw SystemCallError(call: "write", subject: "\(path)", errno: .noSpace)
        }
        let status = try FileStatus(of: file)
        if status.sizeInBytes >= Self.limitInBytes { try rotate(status) }
    }

    private func openMakingDirectory() throws(SystemCallError) -> OwnedFD {
        do throws(SystemCallError) {
            return try open()
        } catch  where error.errno == .noSuchFileOrDirectory {
            try Directory.makeAll(directory, permissions: .ownerReadWriteExecute)
            return try open()
        }
    }

    private func open() throws(SystemCallError) -> OwnedFD {
        try OwnedFD.open(path, [.writeOnly, .create, .append], permissions: .ownerReadWrite)
    }

    /// Moves the full file away, unless another writer does or has done so.
    private func rotate(_ full: FileStatus) throws(SystemCallError) {
        guard let lock = try FileLock.ifFree(directory.appending("rotation.lock"), .exclusive),
            File.exists(path), try FileStatus(of: path).identity == full.identity
        else { return }
        try Link.rename(path, to: older)
        _ = consume lock
    }

    private var older: FilePath { FilePath("\(path).1") }
}

/// The wall clock in nanoseconds (clock_gettime(2), CLOCK_REALTIME).
private func nanosecondsSinceEpoch() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
}
