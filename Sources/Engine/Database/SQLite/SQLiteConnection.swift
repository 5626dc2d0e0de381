import CSQLite
import Diagnostics
import SystemPackage

/// An open SQLite file, for one thread at a time.
///
/// `@unchecked Sendable`: its only holder is ``Database``, which uses it under a mutex.
final class SQLiteConnection: @unchecked Sendable {
    let path: FilePath
    private let handle: OpaquePointer

    /// Opens a file.
    ///
    /// - Parameters:
    ///   - path: the file.
    ///   - isNew: makes the file when it does not exist.
    ///   - patienceInMilliseconds: how long a statement waits for another process.
    /// - Throws: ``Problem`` when SQLite cannot open it.
    init(
        opening path: FilePath, isNew: Bool, patienceInMilliseconds: Int32
    ) throws(Problem) {
        self.path = path
        // Nobody else uses the connection, so that it needs no lock of its own.
        let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | (isNew ? SQLITE_OPEN_CREATE : 0)
        var opened: OpaquePointer?
        let code = path.withPlatformString { sqlite3_open_v2($0, &opened, flags, nil) }
        guard let opened else {
            throw Problem(sqlite: code, message: "out of memory", path: path, doing: "open it")
        }
        handle = opened
        try check(code, doing: "open it")
        try check(sqlite3_extended_result_codes(handle, 1), doing: "configure it")
        try check(sqlite3_busy_timeout(handle, patienceInMilliseconds), doing: "configure it")
    }

    deinit {
        // Every statement ended with its call; close_v2 cannot fail otherwise.
        sqlite3_close_v2(handle)
    }

    /// Switches a setting of this connection (`SQLITE_DBCONFIG_…`) on.
    func enable(_ setting: Int32) throws(Problem) {
        try check(csqlite_configure(handle, setting, 1), doing: "configure it")
    }

    /// Copies the log into the file whenever it has so many pages.
    func setCheckpoint(everyPages pages: Int32) throws(Problem) {
        try check(sqlite3_wal_autocheckpoint(handle, pages), doing: "configure it")
    }

    /// Runs statements without parameters or results, one after the other.
    func run(script: String) throws(Problem) {
        try check(sqlite3_exec(handle, script, nil, nil, nil), doing: script)
    }

    /// Runs a statement and drops what it returns.
    ///
    /// - Parameters:
    ///   - sql: one statement.
    ///   - values: what takes the place of each `?`.
    /// - Throws: ``Problem`` with the statement and what SQLite says of it.
    func execute(_ sql: String, _ values: SQLiteValue...) throws(Problem) {
        let statement = try SQLiteStatement(sql, values, on: self)
        while try statement.step() {}
    }

    /// Runs a statement and reads each row that it returns.
    func rows<Value>(
        _ sql: String, _ values: SQLiteValue...,
        read: (SQLiteStatement) throws(Problem) -> Value
    ) throws(Problem) -> [Value] {
        let statement = try SQLiteStatement(sql, values, on: self)
        var rows: [Value] = []
        while try statement.step() { rows.append(try read(statement)) }
        return rows
    }

    /// Runs a statement and reads the first row that it returns; nil when there is none.
    func firstRow<Value>(
        _ sql: String, _ values: SQLiteValue...,
        read: (SQLiteStatement) throws(Problem) -> Value
    ) throws(Problem) -> Value? {
        let statement = try SQLiteStatement(sql, values, on: self)
        return try statement.step() ? try read(statement) : nil
    }

    /// Compiles a statement and gives it its values; the caller finalizes it.
    func prepare(_ sql: String, _ values: [SQLiteValue]) throws(Problem) -> OpaquePointer {
        var compiled: OpaquePointer?
        try check(sqlite3_prepare_v2(handle, sql, -1, &compiled, nil), doing: sql)
        guard let statement = compiled else {
            throw Problem(
                sqlite: SQLITE_MISUSE, message: "the text holds no statement", path: path,
                doing: sql)
        }
        var index: Int32 = 0
        for value in values {
            index += 1  // parameters are counted from 1
            do throws(Problem) {
                try check(value.bind(to: statement, at: index), doing: sql)
            } catch {
                sqlite3_finalize(statement)
                throw error
            }
        }
        return statement
    }

    /// Throws what a result code means, unless it is one of success.
    func check(_ code: Int32, doing what: String) throws(Problem) {
        guard code != SQLITE_OK, code != SQLITE_ROW, code != SQLITE_DONE else { return }
        throw Problem(
            sqlite: code, message: String(cString: sqlite3_errmsg(handle)), path: path, doing: what)
    }
}
