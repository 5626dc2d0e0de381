package import Diagnostics
package import OCI

/// The Dockerfile instructions that `--change` of import and commit applies to what an image says
/// of itself.
package struct ImageChanges: Sendable {
    private var changes: [Change] = []

    private struct Change: Sendable {
        var text: String
        var instruction: Instruction
    }

    /// Reads them, each from a text of its own.
    ///
    /// - Throws: `.invalid` for what is none, and for instructions that change files.
    package init(_ texts: [String]) throws(Problem) {
        for text in texts {
            do throws(ShellMistake) {
                let instruction = try Self.instruction(text)
                changes.append(Change(text: text, instruction: instruction))
            } catch {
                throw Self.invalid(text, error.why)
            }
        }
    }

    /// Applies them in their order.
    package func apply(to defaults: inout ImageConfiguration.Defaults) throws(Problem) {
        guard !changes.isEmpty else { return }
        let triggers = defaults.onBuild
        var state = StageState(
            base: defaults, author: nil,
            arguments: BuildArguments(given: [:], target: .host, build: .host),
            directives: ParserDirectives())
        for change in changes {
            do throws(ShellMistake) {
                _ = try state.apply(change.instruction)
            } catch {
                throw Self.invalid(change.text, error.why)
            }
        }
        defaults = state.defaults
        // A build on top of an image runs its triggers and forgets them; this is no build.
        defaults.onBuild = triggers + defaults.onBuild
    }

    /// Those that say something of an image and do nothing to its files.
    private static let known: Set<String> = [
        "CMD", "ENTRYPOINT", "ENV", "EXPOSE", "HEALTHCHECK", "LABEL", "ONBUILD", "STOPSIGNAL",
        "USER", "VOLUME", "WORKDIR",
    ]

    private static func instruction(_ text: String) throws(ShellMistake) -> Instruction {
        let lines: LogicalLines
        do throws(Problem) {
            lines = try LogicalLines(Array(text.utf8), file: "--change")
        } catch {
            throw ShellMistake(error.why)
        }
        guard let line = lines.lines.first, lines.lines.count == 1 else {
            throw ShellMistake("it is not one instruction")
        }
        let parts = try InstructionText(line)
        guard known.contains(parts.name) else {
            throw ShellMistake("\(parts.name) is not a valid change command")
        }
        return try parts.instruction()
    }

    private static func invalid(_ text: String, _ why: String) -> Problem {
        Problem(kind: .invalid, what: "cannot apply the change \"\(text)\"", why: why)
    }
}
