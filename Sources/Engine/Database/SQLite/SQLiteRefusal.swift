import CSQLite
import Diagnostics
import SystemPackage

extension Problem {
    /// What a result code of SQLite means.
    ///
    /// The result codes are those of <https://www.sqlite.org/rescode.html>.
    ///
    /// - Parameters:
    ///   - code: the result code, plain or extended.
    ///   - message: SQLite's own sentence.
    ///   - path: the database's file.
    ///   - statement: the SQL text, or what else was to be done with the file.
    init(sqlite code: Int32, message: String, path: FilePath, doing statement: String) {
        let what = "cannot use the database \(path)"
        let line = statement.split { $0 == " " || $0 == "\n" }.joined(separator: " ")
        let why = "\(message) (\(line))"
        self =
            switch code & 0xff {  // the plain code
            case SQLITE_BUSY, SQLITE_LOCKED:
                Problem(
                    kind: .unavailable, what: what,
                    why: "another process holds it for too long (\(line))",
                    fix: "look for a kade that hangs")
            case SQLITE_FULL:
                Problem(
                    kind: .exhausted, what: what, why: "the disk is full (\(line))",
                    fix: "make room")
            case SQLITE_CORRUPT, SQLITE_NOTADB:
                Problem(kind: .corrupt, what: what, why: why, fix: "restore it from a backup")
            case SQLITE_MISMATCH: Problem(kind: .corrupt, what: what, why: why)
            case SQLITE_READONLY, SQLITE_PERM, SQLITE_CANTOPEN, SQLITE_AUTH:
                Problem(
                    kind: .denied, what: what, why: why,
                    fix: "run as root, or choose another --root")
            case SQLITE_IOERR: Problem(kind: .unavailable, what: what, why: why)
            case SQLITE_NOMEM: Problem(kind: .exhausted, what: what, why: why)
            default: Problem(kind: .bug, what: what, why: why)
            }
    }
}
