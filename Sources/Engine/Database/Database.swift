import CSQLite
import ContainerRuntime
import Diagnostics
import Linux
import Synchronization
import SystemPackage

/// `kade.db`: what must be unique or consistent together, in SQLite.
///
/// It opens with the first use. Many processes use the file side by side: readers never wait
/// (write-ahead log), writers take their turn, and every change is one transaction.
final class Database: Sendable {
    private let path: FilePath
    private let keeps: Bool
    private let connection = Mutex<SQLiteConnection?>(nil)

    /// Makes the value; nothing is opened yet.
    ///
    /// - Parameters:
    ///   - path: the file.
    ///   - keeps: whether changes last; false for `--plan`, whose changes only this value sees.
    init(at path: FilePath, keeps: Bool) {
        self.path = path
        self.keeps = keeps
    }

    /// Reads what one moment's state is.
    func read<Value: Sendable>(
        _ body: (Transaction) throws(Problem) -> Value
    ) throws(Problem) -> Value {
        try perform(.deferred, body)
    }

    /// Changes everything that `body` changes, or, when it throws, nothing.
    func write<Value: Sendable>(
        _ body: (Transaction) throws(Problem) -> Value
    ) throws(Problem) -> Value {
        // A transaction that reads first and then finds another writer ahead would fail instead
        // of waiting.
        try perform(.immediate, body)
    }

    private func perform<Value: Sendable>(
        _ kind: Transaction.Kind, _ body: (Transaction) throws(Problem) -> Value
    ) throws(Problem) -> Value {
        try connection.withLock { connection throws(Problem) in
            let opened: SQLiteConnection
            if let connection {
                opened = connection
            } else {
                opened = try open()
                connection = opened
            }
            return try Transaction.run(keeps ? kind : .nested, on: opened, body)
        }
    }

    private func open() throws(Problem) -> SQLiteConnection {
        guard keeps else { return try openToDiscard() }
        if File.exists(path) {
            let connection = try connect(isNew: false)
            if try Schema.version(of: connection) == Schema.current { return connection }
        }
        return try make()
    }

    /// Makes the file, or brings one of an older version (or one half made) up to date.
    private func make() throws(Problem) -> SQLiteConnection {
        let root = path.removingLastComponent()
        let fix = "run as root, or choose another --root"
        let lock = try explaining("cannot make the database \(path)", fix: fix) {
            () throws(SystemCallError) in
            try Directory.makeAll(root, permissions: FilePermissions(rawValue: 0o711))
            // Only one process at a time may turn a new file into one with a log.
            return try FileLock(root.appending("kade.db.lock"), .exclusive)
        }
        let connection = try connect(isNew: true)
        try connection.run(script: "PRAGMA journal_mode = WAL")
        try Transaction.run(.immediate, on: connection) { transaction throws(Problem) in
            try Schema.migrate(transaction.connection)
        }
        _ = consume lock
        return connection
    }

    /// Opens the file with a transaction around all that comes, which nobody will commit; where
    /// there is none yet, a database in memory takes its place.
    private func openToDiscard() throws(Problem) -> SQLiteConnection {
        let isThere = File.exists(path)
        let connection = try connect(to: isThere ? path : ":memory:", isNew: !isThere)
        try connection.run(script: Transaction.Kind.immediate.rawValue)
        try Schema.migrate(connection)
        return connection
    }

    private func connect(isNew: Bool) throws(Problem) -> SQLiteConnection {
        try connect(to: path, isNew: isNew)
    }

    private func connect(to path: FilePath, isNew: Bool) throws(Problem) -> SQLiteConnection {
        let connection = try SQLiteConnection(
            opening: path, isNew: isNew, patienceInMilliseconds: 30_000)
        try connection.enable(SQLITE_DBCONFIG_ENABLE_FKEY)
        // The last one to close would copy the log into the file and wait for the disk, on every
        // single command.
        try connection.enable(SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE)
        try connection.setCheckpoint(everyPages: 256)
        // The log keeps the file consistent through a power cut without a sync on each commit.
        try connection.run(script: "PRAGMA synchronous = NORMAL")
        return connection
    }
}

/// What happens in the database as one: all of it, or nothing.
struct Transaction {
    let connection: SQLiteConnection

    /// How it begins (<https://www.sqlite.org/lang_transaction.html>).
    enum Kind: String {
        /// Reads; others may write meanwhile.
        case deferred = "BEGIN DEFERRED"
        /// Is the only writer from its start on.
        case immediate = "BEGIN IMMEDIATE"
        /// Is a part of a transaction that goes on (<https://www.sqlite.org/lang_savepoint.html>).
        case nested = "SAVEPOINT part"

        var commit: String { self == .nested ? "RELEASE part" : "COMMIT" }
        var rollback: String { self == .nested ? "ROLLBACK TO part; RELEASE part" : "ROLLBACK" }
    }

    /// Runs `body` in a transaction, which is undone when it throws.
    static func run<Value>(
        _ kind: Kind, on connection: SQLiteConnection,
        _ body: (Transaction) throws(Problem) -> Value
    ) throws(Problem) -> Value {
        try connection.run(script: kind.rawValue)
        do throws(Problem) {
            let value = try body(Transaction(connection: connection))
            try connection.run(script: kind.commit)
            return value
        } catch {
            // SQLite has undone it already after some errors; the first error counts.
            try? connection.run(script: kind.rollback)
            throw error
        }
    }
}
