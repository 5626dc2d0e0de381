import Diagnostics
import OCI

/// `--set TARGET.ATTRIBUTE[.NAME]=VALUE`, where `*` stands for any targets' names.
package struct BakeOverride: Sendable, Equatable {
    /// As the user wrote it.
    let text: String
    private let pattern: StarPattern
    private let attribute: String
    /// Of a map: which member.
    private let name: String?
    private let value: String
    /// `+=`: the value comes to those that are there.
    private let adds: Bool

    /// Words of flags for attributes.
    private static let words = [
        "platform": "platforms", "tag": "tags", "secrets": "secret",
        "no-cache-filters":
            "no-cache-filter",
    ]
    private static let lists = [
        "platforms", "tags", "secret", "ssh", "cache-from", "cache-to", "output", "attest",
        "annotations", "entitlements", "ulimits", "no-cache-filter",
    ]

    /// Reads the flag's value.
    ///
    /// - Returns: nil for what is none.
    package init?(_ text: String) {
        guard let equals = text.firstIndex(of: "=") else { return nil }
        var path = text[..<equals]
        adds = path.hasSuffix("+")
        if adds { path = path.dropLast() }
        let parts = path.split(separator: ".", maxSplits: 2).map(String.init)
        guard parts.count > 1 else { return nil }
        self.text = text
        pattern = StarPattern(parts[0])
        attribute = Self.words[parts[1]] ?? parts[1]
        name = parts.count > 2 ? parts[2] : nil
        value = String(text[text.index(after: equals)...])
    }

    /// The same attribute of all targets: `--push` and the like.
    package init(all attribute: String, _ value: String) {
        text = "*.\(attribute)=\(value)"
        pattern = StarPattern("*")
        self.attribute = attribute
        name = nil
        self.value = value
        adds = false
    }

    /// Whether it is about a target.
    func isUsed(by targets: [BakeTarget]) -> Bool {
        targets.contains { pattern.matches($0.name) }
    }

    /// Changes a target by those that are about it; several values of one list come together.
    ///
    /// - Throws: `.invalid` where an attribute has members and none is named, or the reverse.
    static func apply(_ overrides: [BakeOverride], to target: inout BakeTarget) throws(Problem) {
        var changed: Set<String> = []
        for override in overrides where override.pattern.matches(target.name) {
            let isFirst = changed.insert(override.attribute).inserted
            try override.change(&target, adds: override.adds || !isFirst)
        }
    }

    private func change(_ target: inout BakeTarget, adds: Bool) throws(Problem) {
        let isMap = BakeTarget.maps.contains(attribute)
        guard isMap == (name != nil) else {
            throw Problem(
                kind: .invalid, what: "cannot set \(text)",
                why: isMap ? "\(attribute) has members" : "\(attribute) has no members",
                fix: "\(pattern.text).\(attribute)\(isMap ? ".NAME" : "")=VALUE")
        }
        if let name {
            var map = target.attributes[attribute]?.object ?? JSONObject()
            map[name] = .string(value)
            target.attributes[attribute] = .object(map)
        } else if Self.lists.contains(attribute) {
            let before = adds ? target.attributes[attribute]?.array ?? [] : []
            target.attributes[attribute] = .array(before + [.string(value)])
        } else {
            target.attributes[attribute] = .string(value)
        }
    }
}
