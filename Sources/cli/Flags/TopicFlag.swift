import Engine

/// Reads `--only`: sections of an explanation, with commas between them.
enum TopicFlag {
    static func parse(_ text: String) throws(InvalidValue) -> [ExplainedTopic] {
        var topics: [ExplainedTopic] = []
        for word in text.split(separator: ",", omittingEmptySubsequences: false) {
            guard let topic = ExplainedTopic(rawValue: String(word)) else {
                throw InvalidValue(
                    "there is no section \"\(word)\"; there are "
                        + ExplainedTopic.allCases.map(\.rawValue).joined(separator: ", "))
            }
            if !topics.contains(topic) { topics.append(topic) }
        }
        return topics
    }
}
