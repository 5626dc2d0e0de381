import Engine
import OCI

/// A container's explanation as a page for people, or as JSON.
///
/// Each thing has a line with its name and what the kernel says of it, or what was asked for; below
/// it stand why, what set it, and the command that shows it or does it by hand.
enum ExplanationPage {
    static func text(_ explanation: ContainerExplanation) -> String {
        var text = "\(explanation.name) (\(Table.shortID(explanation.id))) is \(explanation.state)"
        text += explanation.pid.map { ", process \($0)" } ?? ""
        text += ". "
        text +=
            explanation.pid == nil
            ? "It does not run: this is what was asked for.\n"
            : "What was asked for stands in brackets where the kernel says it otherwise.\n"
        for section in explanation.sections {
            text += "\n== \(section.topic.title) (\(section.topic.rawValue))\n"
            if section.lines.isEmpty { text += "nothing\n" }
            let width = section.lines.map(\.name.count).filter { $0 <= widestName }.max() ?? 0
            for line in section.lines {
                text += self.text(line, width, comparing: comparable.contains(section.topic))
            }
        }
        return text
    }

    /// Names that are longer push their value to the right.
    private static let widestName = 26

    /// Where both are said in the same words, so that one that differs is worth a look.
    private static let comparable: Set<ExplainedTopic> = [
        .process, .users, .cgroup, .limits, .security, .devices,
    ]

    private static func text(
        _ line: ExplainedLine, _ width: Int, comparing isCompared: Bool
    ) -> String {
        let blanks = String(repeating: " ", count: max(0, width - line.name.count) + 2)
        let indent = String(repeating: " ", count: width + 2)
        return """
            \(line.name)\(blanks)\(value(of: line, comparing: isCompared))
            \(indent)\(line.why)
            \(indent)by: \(line.origin)   $ \(line.command)

            """
    }

    /// What is true; where that is something else than what was asked, both.
    private static func value(of line: ExplainedLine, comparing isCompared: Bool) -> String {
        guard let effective = line.effective else { return line.declared ?? "" }
        guard isCompared, let declared = line.declared, !effective.hasPrefix(declared) else {
            return effective
        }
        return "\(effective)  [asked: \(declared)]"
    }

    /// One object; Documentation/explain.md says what its members are.
    static func json(_ explanation: ContainerExplanation) -> String {
        var object: JSONObject = [
            "version": 1, "id": .string(explanation.id), "name": .string(explanation.name),
            "state": .string(explanation.state),
        ]
        if let pid = explanation.pid { object["pid"] = .number(JSONNumber(Int(pid))) }
        object["sections"] = .array(
            explanation.sections.map { section in
                [
                    "name": .string(section.topic.rawValue), "title": .string(section.topic.title),
                    "lines": .array(section.lines.map { .object(json($0)) }),
                ]
            })
        return JSONValue.object(object).jsonString() + "\n"
    }

    private static func json(_ line: ExplainedLine) -> JSONObject {
        var object: JSONObject = ["name": .string(line.name)]
        if let declared = line.declared { object["declared"] = .string(declared) }
        if let effective = line.effective { object["effective"] = .string(effective) }
        object["why"] = .string(line.why)
        object["origin"] = .string(line.origin)
        object["command"] = .string(line.command)
        return object
    }
}
