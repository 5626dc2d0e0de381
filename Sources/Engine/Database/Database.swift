import Diagnostics
import GRDB
import Linux
import Synchronization
import SystemPackage

/// `kade.db`: what must be unique or consistent together, in SQLite.
///
/// It opens with the first use. Many processes use the file side by side: readers never wait
/// (write-ahead log), writers take their turn, and every change is one transaction. The connection
/// is not closed before the process ends: the last one to close would copy the log into the file
/// and wait for the disk, on every single command.
final class Database: Sendable {
    private let path: FilePath
    private let queue = Mutex<DatabaseQueue?>(nil)

    init(at path: FilePath) {
        self.path = path
    }

    /// Reads what one moment's state is.
    func read<Value>(
        _ body: (GRDB.Database) throws -> Value
    ) throws(Problem) -> Value {
        try perform("read") { queue in
            try queue.inDatabase { database in
                // One statement is its own snapshot; several need a transaction around them.
                var value: Value?
                try database.inTransaction(.deferred) {
                    value = try body(database)
                    return .commit
                }
                return value
            }
        }
    }

    /// Changes everything that `body` changes, or, when it throws, nothing.
    func write<Value>(
        _ body: (GRDB.Database) throws -> Value
    ) throws(Problem) -> Value {
        try perform("change") { queue in
            try queue.inDatabase { database in
                var value: Value?
                // Immediate: a transaction that reads first and then finds another writer ahead
                // would fail instead of waiting.
                try database.inTransaction(.immediate) {
                    value = try body(database)
                    return .commit
                }
                return value
            }
        }
    }

    private func perform<Value>(
        _ verb: String, _ body: (DatabaseQueue) throws -> Value?
    ) throws(Problem) -> Value {
        do {
            guard let value = try body(try opened()) else {
                throw Problem(
                    kind: .bug, what: "cannot \(verb) \(path)", why: "a transaction has no result")
            }
            return value
        } catch let problem as Problem {
            throw problem
        } catch {
            throw databaseProblem(error, verb)
        }
    }

    private func opened() throws -> DatabaseQueue {
        try queue.withLock { queue in
            if let queue { return queue }
            let opened = try open()
            // Held for ever: closing the last connection costs a checkpoint and its syncs.
            _ = Unmanaged.passRetained(opened)
            queue = opened
            return opened
        }
    }

    private func open() throws -> DatabaseQueue {
        var configuration = Configuration()
        configuration.busyMode = .timeout(30)
        configuration.foreignKeysEnabled = true
        configuration.prepareDatabase { database in
            // The log keeps the file consistent through a power cut without a sync on each commit.
            try database.execute(sql: "PRAGMA synchronous = NORMAL")
            try database.execute(sql: "PRAGMA wal_autocheckpoint = 256")
        }
        if File.exists(path) {
            let queue = try DatabaseQueue(path: path.string, configuration: configuration)
            let version = try queue.inDatabase { try Schema.version(of: $0) }
            if version == Schema.current { return queue }
        }
        return try make(configuration)
    }

    /// Makes the file, or brings one of an older version (or one half made) up to date.
    private func make(_ configuration: Configuration) throws -> DatabaseQueue {
        let root = path.removingLastComponent()
        try Directory.makeAll(root, permissions: FilePermissions(rawValue: 0o711))
        // Only one process at a time may turn a new file into one with a log.
        let lock = try FileLock(root.appending("kade.db.lock"), .exclusive)
        let queue = try DatabaseQueue(path: path.string, configuration: configuration)
        try queue.inDatabase { database in
            try database.execute(sql: "PRAGMA journal_mode = WAL")
            try database.inTransaction(.immediate) {
                try Schema.migrate(database)
                return .commit
            }
        }
        _ = consume lock
        return queue
    }

    private func databaseProblem(_ error: any Error, _ verb: String) -> Problem {
        let what = "cannot \(verb) \(path)"
        if let refusal = error as? SystemCallError {
            let kind: Problem.Kind =
                refusal.errno == .permissionDenied || refusal.errno == .notPermitted
                ? .denied : .unavailable
            return Problem(
                kind: kind, what: what, why: refusal.description,
                fix: kind == .denied ? "run as root, or choose another --root" : nil, cause: refusal
            )
        }
        guard let error = error as? DatabaseError else {
            return Problem(kind: .bug, what: what, why: "\(error)", cause: error)
        }
        let why = error.message ?? error.resultCode.description
        return switch error.resultCode {
        case .SQLITE_BUSY, .SQLITE_LOCKED:
            Problem(
                kind: .unavailable, what: what, why: "another process holds it for 30 seconds",
                fix: "look for a kade that hangs", cause: error)
        case .SQLITE_FULL:
            Problem(
                kind: .exhausted, what: what, why: "the disk is full", fix: "make room",
                cause: error)
        case .SQLITE_CORRUPT, .SQLITE_NOTADB:
            Problem(
                kind: .corrupt, what: what, why: why, fix: "restore it from a backup", cause: error)
        case .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_CANTOPEN:
            Problem(
                kind: .denied, what: what, why: why,
                fix: "run as root, or choose another --root", cause: error)
        default: Problem(kind: .bug, what: what, why: why, cause: error)
        }
    }
}
