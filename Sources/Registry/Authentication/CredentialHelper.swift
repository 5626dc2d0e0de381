import Diagnostics
import Linux
import OCI

/// A program that keeps credentials: `docker-credential-NAME get`, `store` or `erase`.
///
/// The protocol is that of docker-credential-helpers: the registry's address (or, to store,
/// `{"ServerURL": …, "Username": …, "Secret": …}`) on standard input, `{"Username": …, "Secret": …}`
/// on standard output, and exit code 1 when it knows none.
struct CredentialHelper: Sendable {
    /// The part of the program's name after "docker-credential-".
    var name: String
    /// Where programs are looked for.
    var searchPath: String

    /// Asks the helper, and waits for it.
    ///
    /// - Returns: nil when the helper has no credentials for the server.
    func credentials(for server: String) throws(Problem) -> Credentials? {
        let what = "cannot get the credentials of \(server)"
        let answer = try run("get", input: Array(server.utf8), what: what)
        guard answer.exitCode == 0 else {
            if Self.isUnknown(answer) { return nil }
            throw refusal(answer, what: what)
        }
        return try Self.parse(answer.output, program: program)
    }

    /// Has the helper keep credentials.
    func store(_ credentials: Credentials, for server: String) throws(Problem) {
        let (user, secret) =
            switch credentials {
            case .password(let user, let secret): (user, secret)
            case .identityToken(let token): ("<token>", token)
            }
        let json: JSONValue = [
            "ServerURL": .string(server), "Username": .string(user), "Secret": .string(secret),
        ]
        let what = "cannot keep the credentials of \(server)"
        let answer = try run("store", input: json.json(), what: what)
        guard answer.exitCode == 0 else { throw refusal(answer, what: what) }
    }

    /// Has the helper forget credentials.
    ///
    /// - Returns: whether it knew any.
    func erase(_ server: String) throws(Problem) -> Bool {
        let what = "cannot remove the credentials of \(server)"
        let answer = try run("erase", input: Array(server.utf8), what: what)
        if answer.exitCode == 0 { return true }
        guard Self.isUnknown(answer) else { throw refusal(answer, what: what) }
        return false
    }

    private var program: String { "docker-credential-\(name)" }

    private func run(
        _ action: String, input: [UInt8], what: String
    ) throws(Problem) -> FilterProgram.Answer {
        guard case .found(let path) = lookUpProgram(program, searchPath: searchPath) else {
            throw Problem(
                kind: .notFound, what: what,
                why: "the configuration names the helper \(program), which is not in PATH",
                fix: "install it, or take it out of the configuration file")
        }
        do {
            return try FilterProgram(path: path, arguments: [action]).run(input: input)
        } catch {
            throw Problem(
                kind: .unavailable, what: what, why: "\(program) could not be run: \(error.errno)",
                cause: error)
        }
    }

    private static func isUnknown(_ answer: FilterProgram.Answer) -> Bool {
        String(decoding: answer.output, as: UTF8.self).contains("credentials not found")
    }

    private func refusal(_ answer: FilterProgram.Answer, what: String) -> Problem {
        let message = String(decoding: answer.output, as: UTF8.self).firstLine
        return Problem(
            kind: .denied, what: what, why: "\(program) ended with \(answer.exitCode): \(message)")
    }

    /// Reads a helper's answer.
    static func parse(_ output: [UInt8], program: String) throws(Problem) -> Credentials? {
        let json = try JSONValue.parse(output, named: "the answer of \(program)")
        guard let secret = json["Secret"]?.string, let user = json["Username"]?.string else {
            throw Problem(
                kind: .invalid, what: "cannot use the answer of \(program)",
                why: "it has no \"Username\" and \"Secret\"")
        }
        if secret.isEmpty { return nil }
        return user == "<token>" ? .identityToken(secret) : .password(user: user, secret: secret)
    }
}

extension String {
    /// The text up to its first line break, shortened to what a message can hold.
    var firstLine: String { String(prefix { !$0.isNewline }.prefix(300)) }
}
