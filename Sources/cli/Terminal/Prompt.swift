import Diagnostics
import Glibc
import Linux
import SystemPackage

/// Questions to the person at the terminal that is standard input.
struct Prompt {
    let output: OutputStream

    /// Asks for a line, which is shown while it is typed.
    func line(_ question: String) throws(Problem) -> String {
        try output.write(question)
        return String(decoding: try Self.readLine(), as: UTF8.self)
    }

    /// Asks for a line that is not shown.
    ///
    /// The terminal is raw meanwhile, so that its settings come back also after Ctrl-C.
    ///
    /// - Throws: `.invalid` when the person breaks off.
    func secret(_ question: String) throws(Problem) -> String {
        let typed = try typed(after: question)
        try output.write("\n")
        guard let typed else {
            throw Problem(
                kind: .invalid, what: "cannot read the password", why: "it was interrupted")
        }
        return typed
    }

    /// All of standard input as a password, without a line break at its end.
    static func passwordFromInput() throws(Problem) -> String {
        var bytes: [UInt8] = []
        while let byte = try readByte() { bytes.append(byte) }
        while let last = bytes.last, last == UInt8(ascii: "\n") || last == UInt8(ascii: "\r") {
            bytes.removeLast()
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private func typed(after question: String) throws(Problem) -> String? {
        // Before the question, after which someone may type at once.
        let terminal = try RawTerminal.enter(0)
        defer { withExtendedLifetime(terminal) {} }
        try output.write(question)
        var bytes: [UInt8] = []
        while let byte = try Self.readByte() {
            switch byte {
            case UInt8(ascii: "\r"), UInt8(ascii: "\n"), 4:  // Ctrl-D
                return String(decoding: bytes, as: UTF8.self)
            case 3: return nil  // Ctrl-C
            case 8, 127: _ = bytes.popLast()
            case 21: bytes = []  // Ctrl-U
            default: bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func readLine() throws(Problem) -> [UInt8] {
        var bytes: [UInt8] = []
        while let byte = try readByte(), byte != UInt8(ascii: "\n") { bytes.append(byte) }
        return bytes
    }

    private static func readByte() throws(Problem) -> UInt8? {
        var byte: UInt8 = 0
        do {
            let count = try withUnsafeMutableBytes(of: &byte) {
                try FileDescriptor.standardInput.read(into: $0)
            }
            return count == 0 ? nil : byte
        } catch {
            throw Problem(
                kind: .unavailable, what: "cannot read from standard input", why: "\(error)",
                cause: error)
        }
    }
}
