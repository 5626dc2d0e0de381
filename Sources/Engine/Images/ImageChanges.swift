import Diagnostics
import OCI

/// The Dockerfile instructions that `--change` of import and commit takes.
extension ImageConfiguration.Defaults {
    /// Applies one instruction, such as `CMD ["/bin/sh"]` or `ENV A=1 B=2`.
    mutating func apply(instruction text: String) throws(Problem) {
        let parts = text.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: true)
        guard parts.count == 2 else { throw invalid(text, "it has no argument") }
        let argument = parts[1].drop { $0 == " " }
        switch parts[0].uppercased() {
        case "CMD": cmd = try command(argument, text)
        case "ENTRYPOINT": entrypoint = try command(argument, text)
        case "ENV":
            env = overlaidEnvironment(
                env, with: try pairs(argument, text).map { "\($0.0)=\($0.1)" })
        case "LABEL":
            for (name, value) in try pairs(argument, text) { labels[name] = value }
        case "EXPOSE":
            for port in argument.split(separator: " ") {
                exposedPorts.insert(port.contains("/") ? String(port) : "\(port)/tcp")
            }
        case "VOLUME":
            for path in try list(argument, text) { volumes.insert(path) }
        case "USER": user = String(argument)
        case "WORKDIR": workingDir = String(argument)
        case "HEALTHCHECK":
            healthcheck = try ImageConfiguration.Healthcheck(instruction: argument) {
                words throws(Problem) in try list(words, text)
            }
        case "ONBUILD":
            let word = argument.prefix { $0 != " " }.uppercased()
            guard !["ONBUILD", "FROM", "MAINTAINER"].contains(word) else {
                throw invalid(text, "\(word) isn't allowed as an ONBUILD trigger")
            }
            onBuild.append(String(argument))
        case "STOPSIGNAL": stopSignal = String(argument)
        default: throw invalid(text, "\(parts[0]) is not a valid change command")
        }
    }

    /// The exec form is a JSON list, the other one is for the shell.
    private func command(_ argument: Substring, _ text: String) throws(Problem) -> [String] {
        guard argument.hasPrefix("[") else { return ["/bin/sh", "-c", String(argument)] }
        return try list(argument, text)
    }

    private func list(_ argument: Substring, _ text: String) throws(Problem) -> [String] {
        guard argument.hasPrefix("[") else {
            return argument.split(separator: " ").map(String.init)
        }
        return try [String](json: Array(argument.utf8), named: text)
    }

    /// `A=1 B="2 3"`, or the old form `A 1 2`.
    private func pairs(
        _ argument: Substring, _ text: String
    ) throws(Problem) -> [(String, String)] {
        let words = Self.words(argument)
        if let first = words.first, !first.contains("=") {
            let value = argument.dropFirst(first.count).drop { $0 == " " }
            guard !value.isEmpty else { throw invalid(text, "\(first) has no value") }
            return [(first, String(value))]
        }
        var result: [(String, String)] = []
        for word in words {
            guard let index = word.firstIndex(of: "=") else {
                throw invalid(text, "\(word) has no value")
            }
            result.append((String(word[..<index]), String(word[word.index(after: index)...])))
        }
        return result
    }

    /// Splits at spaces outside of quotation marks; a backslash takes the next character's meaning.
    private static func words(_ text: Substring) -> [String] {
        var words: [String] = []
        var word = ""
        var quote: Character?
        var isEscaped = false
        for character in text {
            if isEscaped {
                word.append(character)
                isEscaped = false
            } else if character == "\\" {
                isEscaped = true
            } else if character == quote {
                quote = nil
            } else if quote == nil, character == "\"" || character == "'" {
                quote = character
            } else if quote == nil, character == " " {
                if !word.isEmpty { words.append(word) }
                word = ""
            } else {
                word.append(character)
            }
        }
        if !word.isEmpty { words.append(word) }
        return words
    }

    private func invalid(_ text: String, _ why: String) -> Problem {
        Problem(kind: .invalid, what: "cannot apply the change \"\(text)\"", why: why)
    }
}
