import CCrypt
import Glibc

/// bcrypt, as libxcrypt computes it (crypt(3)).
enum PasswordHash {
    /// Whether a password has a hash.
    ///
    /// It takes as long as the hash's cost says.
    static func matches(_ password: String, _ hash: String) -> Bool {
        // crypt(3) would take what precedes it for the password.
        guard !password.utf8.contains(0) else { return false }
        var data: UnsafeMutableRawPointer?
        var size: CInt = 0
        defer { free(data) }
        guard let found = crypt_ra(password, hash, &data, &size) else { return false }
        return isEqual(Array(String(cString: found).utf8), Array(hash.utf8))
    }

    /// Compares in a time that says nothing of where two hashes differ.
    private static func isEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        guard left.count == right.count else { return false }
        return zip(left, right).reduce(0) { $0 | $1.0 ^ $1.1 } == 0
    }
}
