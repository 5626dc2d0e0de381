import Diagnostics

/// What `# check=…` says: `skip=NAME,…` or `skip=all`, `experimental=…` alike, and `error=true`.
struct CheckOptions: Equatable {
    private var skipped: Set<String> = []
    private var experimental: Set<String> = []
    /// Whether a warning fails the build.
    private(set) var warningsAreErrors = false

    /// Reads a directive; nil and an empty one look for everything that is usual.
    init(_ text: String?) throws(ShellMistake) {
        for part in (text ?? "").split(separator: ";") {
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = Self.trimmed(pair[0])
            guard pair.count == 2 else { throw ShellMistake("invalid check option \"\(part)\"") }
            let value = Self.trimmed(pair[1])
            switch name {
            case "skip": skipped.formUnion(Self.names(value))
            case "experimental": experimental.formUnion(Self.names(value))
            case "error":
                switch value.lowercased() {
                case "true", "1", "t": warningsAreErrors = true
                case "false", "0", "f": warningsAreErrors = false
                default: throw ShellMistake("failed to parse check option \"\(part)\"")
                }
            default: throw ShellMistake("invalid check option \"\(name)\"")
            }
        }
    }

    /// Reads the directive of a Dockerfile.
    init(of directives: ParserDirectives, in file: String) throws(Problem) {
        do throws(ShellMistake) {
            try self.init(directives.check)
        } catch {
            throw Problem(
                kind: .invalid, what: "cannot read # check= of \(file)", why: error.why,
                fix: "for example: # check=skip=JSONArgsRecommended;error=true")
        }
    }

    /// Whether a rule looks.
    func includes(_ rule: CheckRule) -> Bool {
        rule.isExperimental
            ? Self.holds(experimental, rule) : !Self.holds(skipped, rule)
    }

    /// The same with what the comments right before an instruction say: `# check=skip=NAME`.
    func merged(withComments comments: [String]) -> CheckOptions {
        for comment in comments {
            let parts = comment.split(separator: "=", maxSplits: 1)
            guard parts.count == 2, Self.trimmed(parts[0]) == "check" else { continue }
            // Of a comment that is no directive nothing counts; all after a blank is a remark.
            guard
                let others = try? CheckOptions(
                    parts[1].split(separator: " ").first.map(String.init))
            else { return self }
            var merged = self
            merged.skipped.formUnion(others.skipped)
            merged.experimental.formUnion(others.experimental)
            return merged
        }
        return self
    }

    private static func holds(_ names: Set<String>, _ rule: CheckRule) -> Bool {
        names.contains("all") || names.contains(rule.name)
    }

    private static func names(_ text: String) -> [String] {
        text.split(separator: ",").map { trimmed($0) }
    }

    private static func trimmed(_ text: some StringProtocol) -> String {
        Array(text.utf8).trimmed.text
    }
}
