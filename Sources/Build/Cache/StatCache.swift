import Diagnostics
import Engine
import Linux
import OCI
import Storage
import Synchronization
import SystemPackage

/// The digests of a context's files from the build before: a file that the kernel says has not
/// changed is not read again.
///
/// It is told by its device, inode, size and time of change (`st_ctime`), which no program can set.
/// A file that changed within the last seconds is read again the next time, since a further change
/// in the same tick of the clock would not show.
final class StatCache: Sendable {
    private struct State {
        var known: [FileStatus.Identity: Entry] = [:]
        var current: [FileStatus.Identity: Entry] = [:]
        var isChanged = false
    }

    private struct Entry: Equatable {
        var size: Int64
        var changed: FileTime
        var digest: String
    }

    /// Seconds after which a change of a file shows in its time.
    private static let settlingSeconds: Int64 = 2

    private let file: FilePath
    private let startInSeconds: Int64
    private let state: Mutex<State>

    /// Reads what the last build of a context kept.
    init(of context: FilePath, below dataRoot: FilePath) {
        let name = ContentHasher.sha256(Array(context.string.utf8)).encoded
        file = Self.directory(below: dataRoot).appending(name)
        startInSeconds = Timestamp.now.nanosecondsSinceEpoch / 1_000_000_000
        // What cannot be read is made anew.
        state = Mutex(State(known: Self.parse((try? File.read(file)) ?? [])))
    }

    /// The digest of a file as it was when it looked the same; nil when it must be read.
    func digest(of status: FileStatus) -> String? {
        state.withLock { state in
            guard let entry = state.known[status.identity], entry.size == status.sizeInBytes,
                entry.changed == status.changed
            else { return nil }
            state.current[status.identity] = entry
            return entry.digest
        }
    }

    /// Keeps the digest of a file that was read.
    func note(_ digest: String, of status: FileStatus) {
        guard status.changed.seconds + Self.settlingSeconds < startInSeconds else { return }
        state.withLock { state in
            state.current[status.identity] = Entry(
                size: status.sizeInBytes, changed: status.changed, digest: digest)
            state.isChanged = true
        }
    }

    /// Writes what this build knows.
    func save() throws(Problem) {
        let (text, isChanged) = state.withLock { state in
            (Self.text(of: state.current), state.isChanged)
        }
        guard isChanged else { return }
        let file = file
        try asking("cannot write \(file)") { () throws(SystemCallError) in
            try Directory.makeAll(file.removingLastComponent(), permissions: .privateDirectory)
            try File.replace(
                file, with: text, permissions: .storeFile, lasting: .processExit)
        }
    }

    /// Removes what contexts have kept.
    ///
    /// - Parameters:
    ///   - steps: whose data root it is in.
    ///   - isOld: is asked with the time of the last change, in seconds since 1970.
    /// - Throws: what the kernel refuses.
    static func prune(in steps: StepService, where isOld: (Int64) -> Bool) throws(Problem) {
        let directory = directory(below: steps.dataRoot)
        guard File.exists(directory) else { return }
        let what = "cannot remove files in \(directory)"
        let old = try asking(what) { () throws(SystemCallError) in
            var old: [FilePath] = []
            for entry in try Directory.list(directory) {
                let path = directory.appending(entry.name)
                if isOld(try FileStatus(of: path).modified.seconds) { old.append(path) }
            }
            return old
        }
        for path in old {
            try steps.remove(path) { () throws(Problem) in
                try asking(what) { () throws(SystemCallError) in try Link.remove(path) }
            }
        }
    }

    private static func directory(below dataRoot: FilePath) -> FilePath {
        dataRoot.appending("build/stats")
    }

    /// A line for each file: device, inode, size, seconds, nanoseconds, digest.
    private static func text(of entries: [FileStatus.Identity: Entry]) -> [UInt8] {
        var text = ""
        for (identity, entry) in entries {
            text += "\(identity.device) \(identity.inode) \(entry.size) \(entry.changed.seconds) "
            text += "\(entry.changed.nanoseconds) \(entry.digest)\n"
        }
        return Array(text.utf8)
    }

    private static func parse(_ text: [UInt8]) -> [FileStatus.Identity: Entry] {
        var entries: [FileStatus.Identity: Entry] = [:]
        for line in text.split(separator: Byte.newline) {
            let words = line.split(separator: Byte.space)
            guard words.count == 6, let device = UInt64(words[0].text),
                let inode = UInt64(words[1].text), let size = Int64(words[2].text),
                let seconds = Int64(words[3].text), let nanoseconds = Int64(words[4].text)
            else { continue }
            entries[FileStatus.Identity(device: device, inode: inode)] = Entry(
                size: size, changed: FileTime(seconds: seconds, nanoseconds: nanoseconds),
                digest: words[5].text)
        }
        return entries
    }
}
