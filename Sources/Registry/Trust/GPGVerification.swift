import Diagnostics
import Linux
import OCI
import SystemPackage

/// Verifies messages that GPG signed, with gpg(1) and a key ring of trusted keys alone.
struct GPGVerification: Sendable {
    private let keys: [SignaturePolicy.TrustedKeys]
    private let searchPath: String

    init(keys: [SignaturePolicy.TrustedKeys], searchPath: String) {
        self.keys = keys
        self.searchPath = searchPath
    }

    /// The text of a message that one of the keys signed.
    ///
    /// - Throws: `.denied` when none did, or the key's time is over; `.notFound` without gpg.
    func content(of message: [UInt8]) throws(Problem) -> [UInt8] {
        let what = "cannot verify the signature"
        guard case .found(let gpg) = lookUpProgram("gpg", searchPath: searchPath) else {
            throw Problem(
                kind: .notFound, what: what, why: "the program gpg is not in PATH",
                fix: "install gnupg")
        }
        let home = FilePath("/tmp/kade-gpg-\(Random.hexadecimal(bytes: 8))")
        do throws(SystemCallError) {
            try Directory.make(home, permissions: FilePermissions(rawValue: 0o700))
        } catch {
            throw Problem(kind: .unavailable, what: what, why: "\(error)", cause: error)
        }
        defer {
            // Best effort: it holds public keys.
            try? Directory.removeTree(home)
        }
        let common = [
            "--homedir", home.string, "--batch", "--no-tty", "--logger-file", "/dev/null",
        ]
        for key in keys {
            let bytes = try key.bytes()
            let answer = try run(gpg, common + ["--import"], input: bytes, what)
            guard answer.exitCode == 0 else {
                throw Problem(
                    kind: .invalid, what: what, why: "\(key.name) is no public key of GPG",
                    fix: "export it with: gpg --export KEY")
            }
        }
        let output = home.appending("content")
        let answer = try run(
            gpg,
            common + [
                "--status-fd", "1", "--trust-model", "always", "--output", output.string,
                "--decrypt",
            ], input: message, what)
        if let why = Self.mistake(status: String(decoding: answer.output, as: UTF8.self)) {
            throw Problem(kind: .denied, what: what, why: why)
        }
        do throws(SystemCallError) {
            return try File.read(output)
        } catch {
            throw Problem(kind: .denied, what: what, why: "it signs nothing", cause: error)
        }
    }

    /// Why gpg's words do not stand for one good signature; nil when they do (DETAILS, "--status-fd").
    static func mistake(status: String) -> String? {
        var good = 0
        for line in status.split(separator: "\n") {
            let words = line.split(separator: " ").map(String.init)
            guard words.count > 1, words[0] == "[GNUPG:]" else { continue }
            switch words[1] {
            case "GOODSIG": good += 1
            case "BADSIG": return "the text was changed after it was signed"
            case "EXPSIG": return "the signature's time is over"
            case "EXPKEYSIG": return "the key's time is over"
            case "REVKEYSIG": return "the key was revoked"
            case "ERRSIG", "NO_PUBKEY": return "it is not signed by a trusted key"
            case "DECRYPTION_OKAY", "BEGIN_DECRYPTION": return "it is encrypted"
            default: continue
            }
        }
        return good == 1 && status.contains("[GNUPG:] VALIDSIG ") ? nil : "it is no signature"
    }

    private func run(
        _ program: FilePath, _ arguments: [String], input: [UInt8], _ what: String
    ) throws(Problem) -> FilterProgram.Answer {
        do throws(SystemCallError) {
            return try FilterProgram(path: program, arguments: arguments).run(input: input)
        } catch {
            throw Problem(kind: .unavailable, what: what, why: "\(error)", cause: error)
        }
    }
}

extension SignaturePolicy.TrustedKeys {
    /// The keys.
    func bytes() throws(Problem) -> [UInt8] {
        switch self {
        case .data(let data): return data
        case .file(let path):
            do throws(SystemCallError) {
                return try File.read(FilePath(path))
            } catch {
                throw Problem(
                    kind: .notFound, what: "cannot read the key \(path)", why: "\(error.errno)",
                    cause: error)
            }
        }
    }

    /// How errors call it.
    var name: String {
        switch self {
        case .data: "the key in the policy"
        case .file(let path): path
        }
    }
}
