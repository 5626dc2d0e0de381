import Engine
import OCI

/// In what two containers differ, as text and as JSON.
enum DifferenceText {
    static func text(
        _ differences: [ExplanationDifference], _ first: String, _ second: String
    ) -> String {
        guard !differences.isEmpty else {
            return "\(first) and \(second) were asked for alike.\n"
        }
        let count = differences.count
        var text = "\(first) and \(second) differ in \(count) thing\(count == 1 ? "" : "s").\n"
        var topic: ExplainedTopic?
        let width = max(first.count, second.count)
        for difference in differences {
            if difference.topic != topic {
                text += "\n== \(difference.topic.title) (\(difference.topic.rawValue))\n"
            }
            topic = difference.topic
            text += "\(difference.name)\n"
            for (name, side) in [(first, difference.first), (second, difference.second)] {
                let blanks = String(repeating: " ", count: width - name.count)
                let value = side.map { "\($0.value)   by: \($0.origin)" } ?? "nothing"
                text += "  \(name)\(blanks)  \(value)\n"
            }
        }
        return text
    }

    /// One object a line.
    static func json(_ differences: [ExplanationDifference]) -> String {
        differences.map { difference in
            var object: JSONObject = [
                "section": .string(difference.topic.rawValue), "name": .string(difference.name),
            ]
            for (name, side) in [("first", difference.first), ("second", difference.second)] {
                guard let side else { continue }
                object[name] = ["value": .string(side.value), "origin": .string(side.origin)]
            }
            return JSONValue.object(object).jsonString() + "\n"
        }.joined()
    }
}
