/// A page for man(1), in the language of groff_man(7).
struct ManualPage {
    /// The page's name: "kade-run".
    let name: String
    let text: String

    /// The page of `kade` itself and one for each command.
    static var all: [ManualPage] {
        let pages = CommandTree.top.filter { !$0.isHidden }.map { page($0, group: nil) }
        let grouped = CommandTree.groups.filter { !$0.isHidden }.flatMap { group in
            group.entries.filter { !$0.isHidden }.map { page($0, group: group.name) }
        }
        return [overview] + pages + grouped
    }

    private static var overview: ManualPage {
        let commands = CommandTree.top.filter { !$0.isHidden }.sorted { $0.name < $1.name }
        var text = head("kade", "a container engine that shows how it works")
        text += ".SH SYNOPSIS\n.B kade\n[OPTIONS] COMMAND [ARG...]\n"
        text += ".SH DESCRIPTION\nKade runs containers from images, with the command line of"
        text += " docker(1). It needs no daemon: each container has a small monitor.\n"
        text += ".SH COMMANDS\n"
        for entry in commands {
            text += ".TP\n\\fBkade\\-\(escaped(entry.name))\\fR(1)\n"
            text += "\(escaped(entry.command.description.summary)).\n"
        }
        text += options(GlobalFlags.flags.map(\.description))
        text += ".SH ENVIRONMENT\n.TP\n.B KADE_ROOT\nAs \\-\\-root.\n"
        text += ".TP\n.B KADE_RUNROOT\nAs \\-\\-runroot.\n"
        text += ".SH SEE ALSO\n.BR kade\\-runtime (8)\n"
        return ManualPage(name: "kade", text: text)
    }

    private static func page(_ entry: CommandTree.Entry, group: String?) -> ManualPage {
        let command = entry.command.description
        let words = (group.map { [$0] } ?? []) + [entry.name]
        let name = "kade-" + words.joined(separator: "-")
        var text = head(name, command.summary)
        text += ".SH SYNOPSIS\n.B kade \(escaped(words.joined(separator: " ")))\n"
        text += "\(escaped(command.synopsis))\n"
        text += ".SH DESCRIPTION\n\(escaped(command.summary)).\n"
        for paragraph in command.discussion.split(separator: "\n") {
            text += ".PP\n\(escaped(String(paragraph)))\n"
        }
        text += options(command.flags)
        text += ".SH SEE ALSO\n.BR kade (1)\n"
        return ManualPage(name: name, text: text)
    }

    private static func head(_ name: String, _ summary: String) -> String {
        ".TH \"\(escaped(name.uppercased()))\" 1 \"\" \"Kade \(Version.current)\" \"Kade\"\n"
            + ".SH NAME\n\(escaped(name)) \\- \(escaped(summary))\n"
    }

    private static func options(_ flags: [FlagDescription]) -> String {
        let shown = flags.filter { !$0.isHidden }.sorted { $0.name < $1.name }
        guard !shown.isEmpty else { return "" }
        return ".SH OPTIONS\n"
            + shown.map { flag in
                let letter = flag.letter.map { "\\fB\\-\($0)\\fR, " } ?? ""
                let value = flag.valueName.map { " \\fI\(escaped($0))\\fR" } ?? ""
                return ".TP\n\(letter)\\fB\\-\\-\(escaped(flag.name))\\fR\(value)\n"
                    + "\(escaped(flag.help)).\n"
            }.joined()
    }

    /// Text that groff prints as it is: no escapes, no requests, dashes that can be copied.
    private static func escaped(_ text: String) -> String {
        var result = ""
        for character in text {
            switch character {
            case "\\": result += "\\e"
            case "-": result += "\\-"
            case "'" where result.isEmpty: result += "\\(aq"
            case "." where result.isEmpty: result += "\\&."
            default: result.append(character)
            }
        }
        return result
    }
}
