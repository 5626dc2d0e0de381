import Diagnostics
import OCI

/// What the variables of a FROM show.
struct FromVariables {
    private(set) var findings: [CheckFinding] = []
    /// The names that an ARG before the first FROM declares, and those that every build has.
    private let declared: Set<String>
    private let arguments: BuildArguments
    private let escape: UInt8

    init(_ stage: Dockerfile.Stage, in dockerfile: Dockerfile, _ arguments: BuildArguments) {
        self.arguments = arguments
        escape = dockerfile.directives.escape
        declared = arguments.platformNames.union(
            dockerfile.globalArguments.flatMap { $0.declarations.map(\.name) })
        _ = expand(stage.base)
        if let platform = stage.platform { look(at: platform, of: stage) }
    }

    private mutating func look(at platform: String, of stage: Dockerfile.Stage) {
        let expanded = expand(platform)
        if expanded.names == ["TARGETPLATFORM"],
            expanded.text == arguments.inherited("TARGETPLATFORM")
        {
            findings.append(
                CheckFinding(
                    .redundantTargetPlatform,
                    "Setting platform to predefined \(platform) in FROM is redundant as this is the "
                        + "default behavior"))
        }
        // A name such as `build-amd64` says that the platform is meant so.
        guard expanded.names.isEmpty, let constant = try? Platform(parsing: expanded.text) else {
            return
        }
        let name = stage.name ?? ""
        let isNamed = [constant.os, constant.architecture].contains { name.holds($0) }
        guard !isNamed else { return }
        findings.append(
            CheckFinding(
                .fromPlatformFlagConstDisallowed,
                "FROM --platform flag should not use constant value \"\(expanded.text)\""))
    }

    private struct Expanded {
        var text = ""
        /// The variables in it.
        var names: [String] = []
    }

    private mutating func expand(_ text: String) -> Expanded {
        var result = Expanded()
        var names: [String] = []
        let lexer = ShellLexer(escape: escape) { [arguments] name in
            if !names.contains(name) { names.append(name) }
            return arguments.inherited(name)
        }
        // What cannot be read is told when the stage's base is looked for.
        result.text = (try? lexer.word(text)) ?? ""
        result.names = names
        for name in names where !declared.contains(name) && arguments.inherited(name) == nil {
            let meant = Suggestion.nearest(to: name, among: declared.sorted())
            findings.append(
                CheckFinding(
                    .undefinedArgInFrom,
                    "FROM argument '\(name)' is not declared"
                        + (meant.map { " (did you mean \($0)?)" } ?? "")))
        }
        return result
    }
}

extension String {
    /// Whether a text is a part of it.
    fileprivate func holds(_ part: String) -> Bool {
        let (all, wanted) = (Array(utf8), Array(part.utf8))
        guard wanted.count <= all.count else { return false }
        return (0...(all.count - wanted.count)).contains { all[$0...].starts(with: wanted) }
    }
}
