import Diagnostics
import Linux
import SystemPackage
import Testing

@testable import Engine

@Suite struct SQLiteTests {
    @Test func `values come back as they went in`() throws {
        try withConnection { connection in
            try connection.run(script: "CREATE TABLE t (a TEXT, b INTEGER) STRICT")
            let texts = ["", "it's \"quoted\"", "naïve ⚓ 🚢", "a\0b"]
            for text in texts {
                try connection.execute(
                    "INSERT INTO t VALUES (?, ?)", .text(text), .integer(.min))
            }
            let rows = try connection.rows("SELECT a, b FROM t ORDER BY rowid") {
                row throws(Problem) in (try row.text(0), try row.integer(1))
            }
            #expect(rows.map(\.0) == texts)
            #expect(rows.allSatisfy { $0.1 == .min })
        }
    }

    @Test func `truth values are kept, and no row is nil`() throws {
        try withConnection { connection in
            try connection.run(script: "CREATE TABLE t (a INTEGER) STRICT")
            func first() throws(Problem) -> Bool? {
                try connection.firstRow("SELECT a FROM t") { row throws(Problem) in
                    try row.boolean(0)
                }
            }
            #expect(try first() == nil)
            try connection.execute("INSERT INTO t VALUES (?)", .boolean(true))
            #expect(try first() == true)
        }
    }

    @Test func `an error names the file and the statement`() throws {
        try withConnection { connection in
            let problem = problem { () throws(Problem) in
                try connection.execute("SELECT x\n  FROM nowhere")
            }
            #expect(problem?.what.contains("\(connection.path)") == true)
            #expect(problem?.why == "no such table: nowhere (SELECT x FROM nowhere)")
        }
    }

    @Test func `a value of another type is an error`() throws {
        try withConnection { connection in
            let problem = problem { () throws(Problem) in
                _ = try connection.firstRow("SELECT NULL") { row throws(Problem) in
                    try row.text(0)
                }
            }
            #expect(problem?.kind == .corrupt)
        }
    }

    @Test func `a file that is no database is corrupt`() throws {
        try withTemporaryDirectory { directory in
            let path = directory.appending("kade.db")
            try File.create(
                path, content: [UInt8](repeating: 7, count: 4096),
                permissions: FilePermissions(rawValue: 0o600))
            let problem = problem { () throws(Problem) in
                _ = try Database(at: path, keeps: true).read { database throws(Problem) in
                    try database.containers()
                }
            }
            #expect(problem?.kind == .corrupt)
        }
    }

    @Test func `a writer that waits too long says so`() throws {
        try withTemporaryDirectory { directory in
            let path = directory.appending("kade.db")
            func open() throws(Problem) -> SQLiteConnection {
                try SQLiteConnection(opening: path, isNew: true, patienceInMilliseconds: 20)
            }
            let first = try open()
            try first.run(script: "BEGIN IMMEDIATE")
            let second = try open()
            let problem = problem { () throws(Problem) in
                try second.run(script: "BEGIN IMMEDIATE")
            }
            #expect(problem?.kind == .unavailable)
            #expect(problem?.why.contains("another process holds it") == true)
            try first.run(script: "ROLLBACK")
            try second.run(script: "BEGIN IMMEDIATE; ROLLBACK")
        }
    }

    private func problem(_ body: () throws(Problem) -> Void) -> Problem? {
        do throws(Problem) {
            try body()
            return nil
        } catch {
            return error
        }
    }

    private func withConnection(_ body: (SQLiteConnection) throws -> Void) throws {
        try withTemporaryDirectory { directory in
            try body(
                try SQLiteConnection(
                    opening: directory.appending("test.db"), isNew: true,
                    patienceInMilliseconds: 1000))
        }
    }

    private func withTemporaryDirectory(_ body: (FilePath) throws -> Void) throws {
        let directory = FilePath("/tmp/kade-sqlite-\(Random.hexadecimal(bytes: 8))")
        try Directory.make(directory, permissions: .ownerReadWriteExecute)
        defer { try? Directory.removeTree(directory) }  // best effort
        try body(directory)
    }
}
