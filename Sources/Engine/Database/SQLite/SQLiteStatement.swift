import CSQLite
import Diagnostics

/// What a statement gets in the place of a `?`.
enum SQLiteValue {
    case text(String)
    case integer(Int64)

    /// SQLite has no truth values: they are 0 and 1.
    static func boolean(_ value: Bool) -> SQLiteValue { .integer(value ? 1 : 0) }

    /// Gives the value to a compiled statement; returns SQLite's result code.
    func bind(to statement: OpaquePointer, at index: Int32) -> Int32 {
        switch self {
        case .text(let text):
            csqlite_bind_text(statement, index, text, Int32(text.utf8.count))
        case .integer(let number): sqlite3_bind_int64(statement, index, number)
        }
    }
}

/// A statement at work, at one of the rows that it returns; columns are counted from 0.
final class SQLiteStatement {
    private let connection: SQLiteConnection
    private let sql: String
    private let handle: OpaquePointer

    /// Compiles a statement; it runs with the first ``step()``.
    init(
        _ sql: String, _ values: [SQLiteValue], on connection: SQLiteConnection
    ) throws(Problem) {
        handle = try connection.prepare(sql, values)
        self.connection = connection
        self.sql = sql
    }

    deinit {
        // Its result repeats the error of the last step, which was thrown there.
        sqlite3_finalize(handle)
    }

    /// Goes to the next row; false when there are no more.
    func step() throws(Problem) -> Bool {
        let code = sqlite3_step(handle)
        try connection.check(code, doing: sql)
        return code == SQLITE_ROW
    }

    /// The text of a column.
    func text(_ column: Int32) throws(Problem) -> String {
        try expect(SQLITE_TEXT, in: column)
        guard let start = sqlite3_column_text(handle, column) else {
            throw Problem(
                sqlite: SQLITE_NOMEM, message: "out of memory", path: connection.path, doing: sql)
        }
        let count = Int(sqlite3_column_bytes(handle, column))
        return String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
    }

    /// The number of a column.
    func integer(_ column: Int32) throws(Problem) -> Int64 {
        try expect(SQLITE_INTEGER, in: column)
        return sqlite3_column_int64(handle, column)
    }

    /// The truth value of a column: whether its number is not 0.
    func boolean(_ column: Int32) throws(Problem) -> Bool {
        try integer(column) != 0
    }

    private func expect(_ type: Int32, in column: Int32) throws(Problem) {
        guard sqlite3_column_type(handle, column) != type else { return }
        throw Problem(
            sqlite: SQLITE_MISMATCH, message: "column \(column) has a value of another type",
            path: connection.path, doing: sql)
    }
}
