import Diagnostics
import Glibc
import Linux
import SystemPackage

/// A descriptor that someone reads, written without a buffer of its own.
struct OutputStream {
    let descriptor: CInt
    /// The stream as a message names it.
    let name: String

    static let standardOutput = OutputStream(descriptor: 1, name: "standard output")
    static let standardError = OutputStream(descriptor: 2, name: "standard error")
    /// Nobody reads it.
    static let none = OutputStream(descriptor: -1, name: "nothing")

    /// Writes all the bytes; throws when nobody takes them any more (a full disk, a closed pipe).
    func write(_ bytes: some Collection<UInt8>) throws(Problem) {
        guard descriptor >= 0 else { return }
        do {
            try FileDescriptor(rawValue: descriptor).writeAll(Array(bytes))
        } catch {
            throw Problem(
                kind: .exhausted, what: "cannot write to \(name)", why: "\(error)", cause: error)
        }
    }

    func write(_ text: String) throws(Problem) { try write(text.utf8) }

    func writeLine(_ text: String) throws(Problem) { try write("\(text)\n") }

    /// Whether a person's terminal is at the other end.
    var isTerminal: Bool { isatty(descriptor) == 1 }

    /// The terminal's size, which may be 0; nil where there is no terminal, or none that has a size.
    var size: (columns: Int, rows: Int)? {
        guard isTerminal, let size = try? WindowSize(of: descriptor) else { return nil }
        return (Int(size.columns), Int(size.rows))
    }
}
