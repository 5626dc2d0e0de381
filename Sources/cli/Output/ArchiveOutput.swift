import Diagnostics
import Linux
import SystemPackage

/// Where a command that makes an archive writes it.
enum ArchiveOutput {
    /// Lets something write an archive to a file, or to standard output.
    ///
    /// A file gets its name when it is whole: after an error, what had that name before is there.
    ///
    /// - Parameters:
    ///   - path: the file; nil or "-" is standard output.
    ///   - command: the command, for errors.
    ///   - body: writes the archive.
    /// - Throws: `.invalid` when standard output is a terminal.
    static func write(
        to path: String?, _ command: String,
        _ body: (borrowing OwnedFD) throws(Problem) -> Void
    ) throws(Problem) {
        guard let path, path != "-" else { return try writeToStandardOutput(command, body) }
        let target = FilePath(path)
        if File.exists(target), try kind(of: target) != .file {
            // A device or a pipe stays what it is.
            let file = try asking(path) { () throws(SystemCallError) in
                try OwnedFD.open(target, .writeOnly)
            }
            return try body(file)
        }
        let temporary = FilePath("\(path).\(Random.hexadecimal(bytes: 4))")
        let file = try asking(path) { () throws(SystemCallError) in
            try OwnedFD.open(
                temporary, [.writeOnly, .create, .exclusive], permissions: .ownerReadWrite)
        }
        do throws(Problem) {
            try body(file)
            try asking(path) { () throws(SystemCallError) in
                try Link.rename(temporary, to: target)
            }
        } catch {
            try? Link.remove(temporary)  // best effort: the first error is the one to tell
            throw error
        }
    }

    private static func writeToStandardOutput(
        _ command: String, _ body: (borrowing OwnedFD) throws(Problem) -> Void
    ) throws(Problem) {
        guard !Terminal.isTerminal(1) else {
            throw Problem(
                kind: .invalid, what: "cannot \(command)",
                why: "cowardly refusing to save to a terminal",
                fix: "use the -o flag or redirect")
        }
        let file = try asking("standard output") { () throws(SystemCallError) in
            try OwnedFD(duplicating: 1)
        }
        try body(file)
    }

    private static func kind(of path: FilePath) throws(Problem) -> FileStatus.Kind {
        try asking("\(path)") { () throws(SystemCallError) in try FileStatus(of: path).kind }
    }

    private static func asking<Value: ~Copyable>(
        _ path: String, _ body: () throws(SystemCallError) -> Value
    ) throws(Problem) -> Value {
        do throws(SystemCallError) {
            return try body()
        } catch {
            throw Problem(
                kind: .invalid, what: "cannot write the archive to \(path)", why: "\(error)",
                cause: error)
        }
    }
}
