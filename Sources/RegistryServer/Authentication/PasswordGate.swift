import Crypto
import Diagnostics
import Linux
import NIOHTTP1
import NIOPosix
import OCI
import Registry
import Storage
import Synchronization
import SystemPackage

/// Lets users of a password file in (RFC 7617).
///
/// The file is read again when it changes. bcrypt takes tens of milliseconds on purpose: a password
/// that was right is remembered, and one thread alone computes.
final class PasswordGate: Sendable {
    private let file: FilePath
    private let log: AccessLog
    private let state: Mutex<State>
    private let computing = NIOThreadPool(numberOfThreads: 1)
    /// With what remembered passwords are hashed; known to this process alone.
    private let key = SymmetricKey(size: .bits256)

    /// How many passwords wait for the thread at most.
    private static let queueLimit = 64
    /// What is computed for a user who does not exist, so that it takes as long.
    private static let nobody = "$2y$10$abcdefghijklmnopqrstuu1Hi2nne3BqpEPAdhx.OdFY9YcQ6GOxy"

    private struct State {
        var passwords: PasswordFile?
        var version: FileTime?
        var remembered: [String: Remembered] = [:]
        var waiting = 0
    }

    /// A password that was right.
    private struct Remembered {
        var hash: String
        var code: HashedAuthenticationCode<SHA256>
    }

    /// - Throws: `.notFound` or `.invalid` when the file cannot be used.
    init(file: FilePath, log: AccessLog) throws(Problem) {
        self.file = file
        self.log = log
        var state = State()
        try Self.read(file, into: &state)
        self.state = Mutex(state)
        computing.start()
    }

    /// Checks who asks.
    ///
    /// - Throws: a refusal with a challenge.
    func check(_ request: Request) async throws {
        refresh()
        guard let text = request.headers.first(name: "Authorization"),
            let login = Login(authorization: text)
        else { throw Self.challenge("a user's name and password are needed") }
        guard try await isRight(login) else {
            throw Self.challenge("the name or the password is wrong")
        }
    }

    private func isRight(_ login: Login) async throws -> Bool {
        let bytes = Array(login.password.utf8)
        let known = state.withLock { state -> (hash: String?, isRemembered: Bool) in
            let hash = state.passwords?.hashes[login.user]
            guard let hash, let remembered = state.remembered[login.user],
                remembered.hash == hash
            else { return (hash, false) }
            return (
                hash,
                HMAC<SHA256>.isValidAuthenticationCode(
                    remembered.code, authenticating: bytes, using: key)
            )
        }
        if known.isRemembered { return true }
        try enterQueue()
        defer { state.withLock { $0.waiting -= 1 } }
        let hash = known.hash ?? Self.nobody
        let isEqual = try await computing.runIfActive {
            PasswordHash.matches(login.password, hash)
        }
        guard isEqual, known.hash != nil else { return false }
        let code = HMAC<SHA256>.authenticationCode(for: bytes, using: key)
        state.withLock { $0.remembered[login.user] = Remembered(hash: hash, code: code) }
        return true
    }

    private func enterQueue() throws(Refusal) {
        let isFull = state.withLock { state in
            guard state.waiting < Self.queueLimit else { return true }
            state.waiting += 1
            return false
        }
        if isFull {
            throw Refusal(
                .tooManyRequests, .tooManyRequests, "too many passwords are being checked",
                ["Retry-After": "1"])
        }
    }

    /// Reads the file again where it has changed; one that cannot be used changes nothing.
    private func refresh() {
        let file = file
        let problem = state.withLock { state -> Problem? in
            // A missing file is noticed by reading it.
            let version = try? FileStatus(of: file).modified
            guard version != state.version else { return nil }
            state.version = version
            do throws(Problem) {
                try Self.read(file, into: &state)
                return nil
            } catch {
                return error
            }
        }
        if let problem { log.note("the passwords stay as they were: \(problem)") }
    }

    private static func read(_ file: FilePath, into state: inout State) throws(Problem) {
        let what = "cannot use the passwords in \(file)"
        state.version = try asking(what) { () throws(SystemCallError) in
            try FileStatus(of: file).modified
        }
        let text = try asking(what) { () throws(SystemCallError) in try File.readText(file) }
        state.passwords = try PasswordFile(text, named: file)
    }

    private static func challenge(_ why: String) -> Refusal {
        Refusal(
            .unauthorized, .unauthorized, why,
            ["WWW-Authenticate": "Basic realm=\"kade\", charset=\"UTF-8\""])
    }
}

/// A user's name and password in the header `Authorization`.
struct Login: Sendable, Equatable {
    var user: String
    var password: String
}

extension Login {
    /// Reads "Basic dXNlcjpzZWNyZXQ="; nil for anything else.
    init?(authorization text: String) {
        let parts = text.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, parts[0].lowercased() == "basic",
            let bytes = Base64.decode(parts[1].filter { $0 != " " }),
            let pair = String(validating: bytes, as: UTF8.self),
            let colon = pair.firstIndex(of: ":")
        else { return nil }
        user = String(pair[..<colon])
        password = String(pair[pair.index(after: colon)...])
    }
}
