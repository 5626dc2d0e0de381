import Diagnostics

/// `--filter` of `network ls` and `network prune`.
package struct NetworkFilter: Sendable {
    /// `key=value`; those of one key are alternatives, except labels, and keys come together.
    package var conditions: [(key: String, value: String)] = []
    /// Only networks that were made before.
    package var createdBefore: Timestamp?

    package init() {}

    func matches(_ network: NetworkRecord, isUsed: Bool) throws(Problem) -> Bool {
        if let createdBefore, network.created >= createdBefore { return false }
        var alternatives: [String: Bool] = [:]
        for (key, value) in conditions {
            let isMatch = try Self.matches(key, value, network, isUsed: isUsed)
            if key == "label" || key == "label!" {
                guard isMatch else { return false }
            } else {
                alternatives[key] = alternatives[key] == true || isMatch
            }
        }
        return alternatives.values.allSatisfy(\.self)
    }

    private static func matches(
        _ key: String, _ value: String, _ network: NetworkRecord, isUsed: Bool
    ) throws(Problem) -> Bool {
        switch key {
        case "driver": return network.definition.driver.rawValue == value
        case "id": return network.id.hasPrefix(value)
        case "name": return network.name.contains(value)
        case "scope": return value == "local"
        case "label": return hasLabel(value, network)
        case "label!": return !hasLabel(value, network)
        case "type":
            guard value == "custom" || value == "builtin" else { throw invalid(key, value) }
            return network.isPredefined == (value == "builtin")
        case "dangling":
            guard ["true", "false", "1", "0"].contains(value) else { throw invalid(key, value) }
            // The three that are always there are nobody's leftovers.
            return (!isUsed && !network.isPredefined) == (value == "true" || value == "1")
        default: throw invalid(key, value)
        }
    }

    private static func hasLabel(_ value: String, _ network: NetworkRecord) -> Bool {
        let parts = value.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard let label = network.definition.labels[String(parts[0])] else { return false }
        return parts.count == 1 || label == parts[1]
    }

    private static func invalid(_ key: String, _ value: String) -> Problem {
        Problem(
            kind: .invalid, what: "invalid filter '\(key)=\(value)'",
            why: "there is no such filter, or the value is none of its",
            fix: "filters are driver, id, label, name, scope, type and dangling")
    }
}
