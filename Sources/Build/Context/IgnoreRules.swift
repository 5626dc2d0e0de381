package import Diagnostics

/// What of a build's context does not count: the lines of `.dockerignore`.
///
/// Of all lines that match a path, or a directory above it, the last one decides; `!` takes paths
/// back in.
package struct IgnoreRules: Sendable, Equatable {
    private var rules: [Rule] = []

    private struct Rule: Sendable, Equatable {
        var pattern: PathPattern
        var takesIn: Bool
        /// `*`, `**` or `**/*`.
        var isWhole: Bool

        init?(_ line: String) {
            var text = Substring(line)
            takesIn = text.hasPrefix("!")
            if takesIn { text = text.dropFirst().drop { $0 == " " } }
            guard !text.isEmpty else { return nil }
            // The context itself stays whatever a line says.
            let clean = AbsolutePath.parts(String(text)).joined(separator: "/")
            guard let pattern = PathPattern(clean, crossesDirectories: true) else { return nil }
            self.pattern = pattern
            isWhole = ["*", "**", "**/*"].contains(clean)
        }
    }

    /// No rule at all.
    package static let none = IgnoreRules()

    private init() {}

    /// Reads a file.
    ///
    /// - Throws: `.invalid` with the line of a pattern that is none.
    package init(parsing text: String, file: String) throws(Problem) {
        var text = Substring(text)
        if text.unicodeScalars.first == "\u{FEFF}" { text.unicodeScalars.removeFirst() }
        let lines = Array(text.utf8).split(
            separator: Byte.newline, omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() where line.first != Byte.hash {
            let body = line.trimmed.text
            guard !body.isEmpty else { continue }
            guard let rule = Rule(body) else {
                throw Problem(
                    kind: .invalid, what: "cannot use line \(index + 1) of \(file)",
                    why: "'\(body)' is no pattern", fix: "Docker's patterns know *, ?, [a-z] and **"
                )
            }
            rules.append(rule)
        }
    }

    /// Patterns of `--exclude`.
    package init(excluding patterns: [String]) throws(Problem) {
        for pattern in patterns {
            guard let rule = Rule(pattern) else {
                throw Problem(
                    kind: .invalid, what: "cannot use --exclude=\(pattern)",
                    why: "it is no pattern",
                    fix: "Docker's patterns know *, ?, [a-z] and **")
            }
            rules.append(rule)
        }
    }

    package var isEmpty: Bool { rules.isEmpty }

    /// Whether a path does not count; it is relative to the context, without a slash at either end.
    package func excludes(_ path: String) -> Bool {
        guard !rules.isEmpty else { return false }
        let prefixes = Self.prefixes(of: path)
        var isExcluded = false
        for rule in rules where rule.takesIn == isExcluded {
            if prefixes.contains(where: rule.pattern.matches) { isExcluded = !rule.takesIn }
        }
        return isExcluded
    }

    /// Whether a rule takes all that lies at the top of the context.
    var excludesEverything: Bool { rules.contains { !$0.takesIn && $0.isWhole } }

    /// Whether something beneath an excluded directory may count again.
    package var mayTakeIn: Bool { rules.contains { $0.takesIn } }

    /// The path and all directories above it.
    private static func prefixes(of path: String) -> [String] {
        var prefixes = [path]
        for (index, byte) in zip(path.utf8.indices, path.utf8) where byte == Byte.slash {
            prefixes.append(String(path[..<index]))
        }
        return prefixes
    }
}
