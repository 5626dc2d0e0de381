import Diagnostics
import OCI

/// The steps that made a container, as a table or as JSON lines.
enum StepTable {
    /// Numbered rows: who did what, how long it took, why, and which field asked for it.
    static func text(of steps: [StepRecord], isTruncated: Bool) -> String {
        var rows = [["#", "WHO", "µs", "WHAT", "WHY", "ASKED BY"]]
        for (index, step) in steps.enumerated() {
            let shell = step.explanation.shell
            let mark = mark(of: step.outcome)
            rows.append([
                "\(index + 1)", step.actor.rawValue, "\(step.durationInMicroseconds)",
                // Why a step failed is never cut: whoever looks at the table looks for that.
                isTruncated
                    ? Table.ellipsis(shorteningIDs(in: shell), 64) + shorteningIDs(in: mark)
                    : shell + mark,
                isTruncated
                    ? Table.ellipsis(shorteningIDs(in: step.explanation.why), 72)
                    : step.explanation.why,
                step.explanation.spec,
            ])
        }
        return Table.text(rows, minimumWidth: 0) + total(of: steps, count: steps.count)
    }

    /// How many steps there were, and how long those took that are done.
    static func total(of steps: [StepRecord], count: Int) -> String {
        "\(count) steps in \(milliseconds(steps.workInMicroseconds)) ms\n"
    }

    /// Steps that were not done: who would do what, and why.
    static func plan(of steps: [StepRecord]) -> String {
        guard !steps.isEmpty else { return "nothing to do\n" }
        let rows = steps.enumerated().map { index, step in
            [
                "\(index + 1)", step.actor.rawValue, step.explanation.shell, step.explanation.why,
                step.explanation.spec,
            ]
        }
        return Table.text([["#", "WHO", "WHAT", "WHY", "ASKED BY"]] + rows, minimumWidth: 0)
    }

    /// One object a line, with every field whole.
    static func json(of steps: [StepRecord]) -> String {
        objects(of: steps).map { $0.jsonString() + "\n" }.joined()
    }

    /// An object for each step, with every field whole.
    static func objects(of steps: [StepRecord]) -> [JSONValue] {
        steps.enumerated().map { index, step in
            var object: JSONObject = [
                "number": .number(JSONNumber(index + 1)), "actor": .string(step.actor.rawValue),
                "shell": .string(step.explanation.shell), "why": .string(step.explanation.why),
                "spec": .string(step.explanation.spec),
                "startInMicroseconds": .number(JSONNumber(step.startInMicroseconds)),
                "durationInMicroseconds": .number(JSONNumber(step.durationInMicroseconds)),
            ]
            switch step.outcome {
            case .done: object["outcome"] = "done"
            case .warned(let note):
                object["outcome"] = "warned"
                object["note"] = .string(note)
            case .failed(let note):
                object["outcome"] = "failed"
                object["note"] = .string(note)
            }
            return .object(object)
        }
    }

    /// The text with every ID of 64 hexadecimal digits cut to its first twelve.
    static func shorteningIDs(in text: String) -> String {
        var result = ""
        var run = ""
        for character in text + " " {
            if character.isHexDigit {
                run.append(character)
                continue
            }
            result += run.count == 64 ? run.prefix(12) + "…" : run
            result.append(character)
            run = ""
        }
        return String(result.dropLast())
    }

    /// Why a step failed, or what it warned of; nothing for one that is done.
    static func mark(of outcome: StepRecord.Outcome) -> String {
        switch outcome {
        case .done: ""
        case .warned(let note): "  [warning: \(note)]"
        case .failed(let note): "  [failed: \(note)]"
        }
    }

    /// Microseconds as milliseconds with two digits behind the point.
    private static func milliseconds(_ microseconds: Int64) -> String {
        let hundredths = (microseconds + 5) / 10
        let fraction = hundredths % 100
        return "\(hundredths / 100).\(fraction < 10 ? "0" : "")\(fraction)"
    }
}
