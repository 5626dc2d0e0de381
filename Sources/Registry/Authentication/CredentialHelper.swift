import Diagnostics
import Linux
import OCI

/// A program that keeps credentials: `docker-credential-NAME get`, with JSON on its standard output.
///
/// The protocol is that of docker-credential-helpers: the registry's address on standard input,
/// `{"Username": …, "Secret": …}` on standard output, and exit code 1 when it knows none.
struct CredentialHelper: Sendable {
    /// The part of the program's name after "docker-credential-".
    var name: String
    /// Where programs are looked for.
    var searchPath: String

    /// Asks the helper, and waits for it.
    ///
    /// - Returns: nil when the helper has no credentials for the server.
    func credentials(for server: String) throws(Problem) -> Credentials? {
        let program = "docker-credential-\(name)"
        guard case .found(let path) = lookUpProgram(program, searchPath: searchPath) else {
            throw Problem(
                kind: .notFound, what: "cannot get the credentials of \(server)",
                why: "the configuration names the helper \(program), which is not in PATH",
                fix: "install it, or take it out of the configuration file")
        }
        let answer: FilterProgram.Answer
        do {
            answer = try FilterProgram(path: path, arguments: ["get"]).run(
                input: Array(server.utf8))
        } catch {
            throw Problem(
                kind: .unavailable, what: "cannot get the credentials of \(server)",
                why: "\(program) could not be run: \(error.errno)", cause: error)
        }
        guard answer.exitCode == 0 else {
            let message = String(decoding: answer.output, as: UTF8.self)
            if message.contains("credentials not found") { return nil }
            throw Problem(
                kind: .denied, what: "cannot get the credentials of \(server)",
                why: "\(program) ended with \(answer.exitCode): \(message.firstLine)")
        }
        return try Self.parse(answer.output, program: program)
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
