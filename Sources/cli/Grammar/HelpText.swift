/// What `--help` prints, in the shape of Docker's.
enum HelpText {
    /// The commands and global flags: `kade --help`.
    static func overview() -> String {
        let first = ["run", "exec", "ps", "pull", "images", "explain", "version", "info"]
        let entries = CommandTree.top.filter { !$0.isHidden }
        let common = first.compactMap { name in entries.first { $0.name == name } }
        let others = entries.filter { !first.contains($0.name) }.sorted { $0.name < $1.name }
        return "Usage:  kade [OPTIONS] COMMAND\n\nA container engine that shows how it works\n"
            + section("Common Commands", common.map(line))
            + section(
                "Management Commands",
                CommandTree.groups.filter { !$0.isHidden }.map { ($0.name, $0.summary) })
            + section("Commands", others.map(line))
            + flags(GlobalFlags.flags.map(\.description), title: "Global Options")
            + "\nRun 'kade COMMAND --help' for more information on a command.\n"
    }

    /// The commands of a group: `kade image --help`.
    static func group(_ group: CommandTree.Group) -> String {
        "Usage:  kade \(group.name) COMMAND\n\n\(group.summary)\n"
            + section("Commands", group.entries.filter { !$0.isHidden }.map(line))
            + "\nRun 'kade \(group.name) COMMAND --help' for more information on a command.\n"
    }

    /// One command: `kade run --help`.
    static func command(_ command: CommandDescription, as name: String) -> String {
        "Usage:  \(name) \(command.synopsis)\n\n\(command.summary)\n"
            + (command.discussion.isEmpty
                ? "" : "\n\(wrapped(command.discussion, 80, indent: 0))\n")
            + flags(command.flags, title: "Options")
    }

    private static func line(_ entry: CommandTree.Entry) -> (String, String) {
        (entry.name, entry.command.description.summary)
    }

    private static func section(_ title: String, _ lines: [(String, String)]) -> String {
        let width = (lines.map { $0.0.count }.max() ?? 0) + 2
        return "\n\(title):\n"
            + lines.map { name, summary in
                let blanks = String(repeating: " ", count: width - name.count)
                return "  \(name)\(blanks)\(summary)\n"
            }.joined()
    }

    private static func flags(_ flags: [FlagDescription], title: String) -> String {
        let shown = flags.filter { !$0.isHidden }.sorted { $0.name < $1.name }
        guard !shown.isEmpty else { return "" }
        let heads = shown.map { flag in
            (flag.letter.map { "  -\($0), " } ?? "      ") + "--\(flag.name)"
                + (flag.valueName.map { " \($0)" } ?? "")
        }
        let width = min((heads.map(\.count).max() ?? 0) + 3, 40)
        var text = "\n\(title):\n"
        for (flag, head) in zip(shown, heads) {
            let blanks = String(repeating: " ", count: max(1, width - head.count))
            text += "\(head)\(blanks)\(wrapped(flag.help, 100, indent: width))\n"
        }
        return text
    }

    /// Breaks a text between words; following lines begin with `indent` blanks.
    static func wrapped(_ text: String, _ width: Int, indent: Int) -> String {
        var lines: [String] = []
        for paragraph in text.split(separator: "\n", omittingEmptySubsequences: false) {
            var line = ""
            for word in paragraph.split(separator: " ") {
                if !line.isEmpty && indent + line.count + 1 + word.count > width {
                    lines.append(line)
                    line = ""
                }
                line += (line.isEmpty ? "" : " ") + word
            }
            lines.append(line)
        }
        return lines.joined(separator: "\n" + String(repeating: " ", count: indent))
    }
}
