import Diagnostics
package import OCI

/// What build checks found, as Docker's builder prints it.
package struct CheckReport {
    private let outcome: BuildChecks.CheckOutcome
    private let file: String
    private let content: [UInt8]

    package init(_ outcome: BuildChecks.CheckOutcome, of request: BuildRequest) {
        self.outcome = outcome
        file = request.dockerfileName
        content = request.dockerfile
    }

    /// The warnings with the lines around them, for people.
    package var text: String {
        let count = outcome.warnings.count
        guard count > 0 else {
            return outcome.problem == nil ? "Check complete, no warnings found.\n" : ""
        }
        let head = count == 1 ? "1 warning has been found!" : "\(count) warnings have been found!"
        return "Check complete, \(head)\n" + outcome.warnings.map(paragraph).joined()
    }

    /// The list at the end of a build; with all details where they are asked for.
    package func summary(withDetails isDetailed: Bool) -> String {
        let count = outcome.warnings.count
        guard count > 0 else { return "" }
        var text = "\n \(count == 1 ? "1 warning" : "\(count) warnings") found"
        text += isDetailed ? ":\n" : " (use kade --debug to expand):\n"
        for warning in outcome.warnings {
            text += " - \(warning.text)\n"
            guard isDetailed else { continue }
            text += "\(warning.rule.summary)\n"
            if let page = warning.rule.page { text += "More info: \(page)\n" }
            text += excerpt(warning) + "\n"
        }
        return text
    }

    /// The form for programs (`--call=check,format=json`).
    package var json: JSONValue {
        var json: JSONObject = [
            "warnings": .array(outcome.warnings.map(Self.json)),
            "sources": [
                [
                    "filename": .string(file), "language": "Dockerfile",
                    "data": .string(Base64.encode(content)),
                ]
            ],
        ]
        if let problem = outcome.problem {
            json.append("buildError", ["message": .string("\(problem.what): \(problem.why)")])
        }
        return .object(json)
    }

    private static func json(_ warning: CheckWarning) -> JSONValue {
        var json: JSONObject = [
            "ruleName": .string(warning.rule.name), "description": .string(warning.rule.summary),
        ]
        if let page = warning.rule.page { json.append("url", .string(page)) }
        json.append("detail", .string(warning.detail))
        let start: JSONValue = ["line": .number(JSONNumber(warning.firstLine))]
        let end: JSONValue = ["line": .number(JSONNumber(warning.lastLine))]
        json.append("location", ["ranges": [["start": start, "end": end]]])
        return .object(json)
    }

    private func paragraph(_ warning: CheckWarning) -> String {
        let page = warning.rule.page.map { " - \($0)" } ?? ""
        return "\nWARNING: \(warning.rule.name)\(page)\n\(warning.detail)\n" + excerpt(warning)
    }

    /// The lines that a warning means, and some around them.
    private func excerpt(_ warning: CheckWarning) -> String {
        let lines = content.split(separator: Byte.newline, omittingEmptySubsequences: false)
        var (first, last) = (warning.firstLine, min(warning.lastLine, lines.count))
        guard first >= 1, first <= lines.count else { return "" }
        // Around a single line some more are shown.
        let wanted = first == last ? 4 : 2
        var shown = 0
        while shown < wanted {
            if first > 1 { (first, shown) = (first - 1, shown + 1) }
            if last < lines.count { (last, shown) = (last + 1, shown + 1) }
            shown += 1
        }
        let rule = "--------------------\n"
        var text = "\(file):\(warning.firstLine)\n" + rule
        for number in first...last {
            let isMeant = (warning.firstLine...max(warning.firstLine, warning.lastLine)).contains(
                number)
            let digits = String(number)
            let padded = String(repeating: " ", count: max(0, 3 - digits.count)) + digits
            text += " \(padded) | \(isMeant ? ">>>" : "   ") \(lines[number - 1].text)\n"
        }
        return text + rule
    }
}
