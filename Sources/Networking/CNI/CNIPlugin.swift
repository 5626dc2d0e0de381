import Diagnostics
import Linux
import OCI
import SystemPackage

/// A program of a CNI network that is asked to do something.
struct CNIPlugin {
    let type: String
    let file: FilePath

    /// Longer than a DHCP server that answers at all takes.
    private static let timeoutInMilliseconds: CInt = 120_000

    /// Looks for a plugin.
    ///
    /// - Parameters:
    ///   - type: its name.
    ///   - path: where plugins are.
    ///   - what: what shall be done, for the error.
    /// - Throws: `.notFound`.
    init(_ type: String, in path: [String], _ what: String) throws(Problem) {
        guard case .found(let file) = lookUpProgram(type, searchPath: path.joined(separator: ":"))
        else {
            throw Problem(
                kind: .notFound, what: what,
                why: "the CNI plugin \(type) is in none of \(path.joined(separator: ", "))",
                fix: "install it (Debian: apt install containernetworking-plugins), or say with "
                    + "CNI_PATH where it is")
        }
        self.type = type
        self.file = file
    }

    /// Runs it to its end.
    ///
    /// - Parameters:
    ///   - configuration: what it reads.
    ///   - environment: its variables.
    ///   - what: what shall be done, for the error.
    /// - Returns: what it printed; nil for nothing.
    /// - Throws: what it refuses, in its own words.
    func run(
        _ configuration: JSONValue, environment: [String], _ what: String
    ) throws(Problem) -> JSONValue? {
        var program = ExternalProgram(
            path: file, arguments: [file.string], environment: environment)
        // Whoever cleans up after a monitor that was killed calls plugins for the same container.
        program.endsWithCaller = true
        let result = try explaining(what) { () throws(SystemCallError) in
            try program.run(
                input: configuration.json(),
                timeoutInMilliseconds: Self.timeoutInMilliseconds,
                outputLimitInBytes: 1 << 20, errors: .apart)
        }
        guard let status = result.status else {
            throw Problem(
                kind: .unavailable, what: what,
                why: "the CNI plugin \(type) took longer than two minutes, and was killed")
        }
        let output = Array(result.text.utf8)
        guard status.code == 0 else {
            throw refusal(output, status.code, errors: result.errors, what)
        }
        return output.isEmpty ? nil : try .parse(output, named: "the result of plugin \(type)")
    }

    /// Translates a plugin's error (CNI 1.1, § Error).
    private func refusal(
        _ output: [UInt8], _ code: Int32, errors: String, _ what: String
    ) -> Problem {
        // What is no JSON is told as it is.
        guard let json = try? JSONValue.parse(output, named: "an error"),
            let message = json["msg"]?.string
        else {
            let text = errors.isEmpty ? String(decoding: output, as: UTF8.self) : errors
            return Problem(
                kind: .unavailable, what: what,
                why: "the CNI plugin \(type) ended with exit code \(code)"
                    + (text.isEmpty ? "" : ": \(text)"))
        }
        let details = json["details"]?.string ?? ""
        let number = json["code"]?.int ?? 999
        return Problem(
            kind: Self.kind(ofError: number), what: what,
            why: "the CNI plugin \(type) says: \(message)"
                + (details.isEmpty || details == message ? "" : ": \(details)")
                + " (code \(number))",
            fix: Self.fix(ofError: number))
    }

    private static func kind(ofError number: Int) -> Problem.Kind {
        switch number {
        case 1, 2: .unsupported
        case 3: .notFound
        case 4: .bug
        case 6, 7: .invalid
        default: .unavailable
        }
    }

    private static func fix(ofError number: Int) -> String? {
        switch number {
        case 1: "write a cniVersion that all plugins of the network speak"
        case 2, 6, 7: "correct the network's file"
        case 11, 50, 51: "try again later"
        default: nil
        }
    }
}
