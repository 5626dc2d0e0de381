package import ContainerRuntime
package import Diagnostics

/// Which events someone wants to hear of.
package struct EventQuery: Sendable {
    /// `--since`: replays what happened from then on; without it only what happens now counts.
    package var since: Timestamp?
    /// `--until`: ends then; in the past it makes the replay all there is.
    package var until: Timestamp?
    private var filters: [String: [String]] = [:]

    package init() {}

    /// Adds a `--filter`: values of one key are alternatives (labels are not), keys come together.
    ///
    /// - Throws: ``Problem`` of kind `invalid` for a key that Docker does not have.
    package mutating func addFilter(_ key: String, _ value: String) throws(Problem) {
        let known =
            Event.Kind.allCases.map(\.rawValue)
            + ["config", "daemon", "event", "label", "node", "plugin", "scope", "service", "type"]
        guard known.contains(key) else {
            throw Problem(
                kind: .invalid, what: "invalid filter '\(key)'", why: "events have no such filter",
                fix: "filters are \(known.sorted().joined(separator: ", "))")
        }
        filters[key, default: []].append(value)
    }

    /// Whether an event is among those (moby, daemon/events/filter.go).
    package func wants(_ event: Event) -> Bool {
        let time = Timestamp(nanosecondsSinceEpoch: event.nanosecondsSinceEpoch)
        if let since, time < since { return false }
        if let until, time > until { return false }
        return filters.allSatisfy { key, values in Self.matches(event, key, values) }
    }

    private static func matches(_ event: Event, _ key: String, _ values: [String]) -> Bool {
        switch key {
        case "type": values.contains(event.kind.rawValue)
        case "scope": values.contains("local")
        case "event": values.contains { matches(event.action, $0, among: values) }
        case "label": values.allSatisfy { hasLabel(event, $0) }
        case "image": values.contains { isOfImage(event, $0) }
        default:
            // As in Docker: the beginning of an ID or name, of whatever kind.
            values.contains {
                event.id.hasPrefix($0) || (event.attributes["name"] ?? "").hasPrefix($0)
            }
        }
    }

    /// Actions that go on after a colon are found by their beginning, once one of them is meant.
    private static func matches(
        _ action: Event.Action, _ value: String, among values: [String]
    ) -> Bool {
        let long: Set = ["health_status", "exec_create", "exec_start"]
        guard values.contains(where: long.contains) else { return action.rawValue == value }
        return action.rawValue.hasPrefix(value)
    }

    private static func hasLabel(_ event: Event, _ text: String) -> Bool {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard let value = event.attributes[String(parts[0])] else { return false }
        return parts.count == 1 || value == parts[1]
    }

    private static func isOfImage(_ event: Event, _ text: String) -> Bool {
        let name = event.attributes[event.kind == .image ? "name" : "image"] ?? ""
        return [event.id, name].contains { $0 == text || withoutTag($0) == text }
    }

    /// `debian` of `debian:12`; a port's colon is followed by a slash.
    private static func withoutTag(_ name: String) -> Substring {
        guard let colon = name.lastIndex(of: ":"), !name[colon...].contains("/") else {
            return name[...]
        }
        return name[..<colon]
    }
}
