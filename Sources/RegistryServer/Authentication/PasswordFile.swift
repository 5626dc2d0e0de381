import Diagnostics
import Linux
import SystemPackage

/// Users and the hashes of their passwords, as `htpasswd -B` writes them: "user:$2y$…" in each line.
struct PasswordFile: Sendable, Equatable {
    /// The hash of each user's password.
    private(set) var hashes: [String: String] = [:]

    /// Reads a file's text.
    ///
    /// - Throws: `.invalid` for a hash that is not bcrypt's: the others are too weak, or not
    ///   computed here.
    init(_ text: String, named name: FilePath) throws(Problem) {
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        for (number, line) in lines.enumerated() {
            guard !line.isEmpty, !line.hasPrefix("#") else { continue }
            let parts = line.split(separator: ":", maxSplits: 1).map(String.init)
            guard parts.count == 2 else {
                throw Self.mistake(name, number, "it has no \":\" after the user's name")
            }
            guard Self.isBcrypt(parts[1]) else {
                throw Self.mistake(name, number, "the hash of \(parts[0]) is not one of bcrypt")
            }
            hashes[parts[0]] = parts[1]
        }
    }

    /// "$2y$", two digits, "$" and 53 characters of the salt and the hash.
    private static func isBcrypt(_ hash: String) -> Bool {
        let bytes = Array(hash.utf8)
        return ["$2a$", "$2b$", "$2y$"].contains { hash.hasPrefix($0) } && bytes.count == 60
            && bytes[6] == UInt8(ascii: "$")
            && bytes[7...].allSatisfy { byte in
                byte == UInt8(ascii: ".") || byte == UInt8(ascii: "/")
                    || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
                    || UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte | 0x20
            }
    }

    private static func mistake(_ name: FilePath, _ number: Int, _ why: String) -> Problem {
        Problem(
            kind: .invalid, what: "cannot use the passwords in \(name)",
            why: "line \(number + 1): \(why)", fix: "make it with: htpasswd -B -c \(name) USER")
    }
}
