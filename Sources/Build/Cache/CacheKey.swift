import Diagnostics
import OCI
import Storage

/// The digest of all that an instruction's result depends on.
enum CacheKey {
    /// Changes with what Kade makes of the same inputs.
    private static let version = "1"

    static func key(of inputs: StepInputs) -> Digest {
        var text = "kade build \(version)\n"
        for (name, value) in inputs.values.sorted(by: { $0.key < $1.key }) {
            text += "\(name.utf8.count) \(name) \(value.utf8.count) \(value)\n"
        }
        return ContentHasher.sha256(Array(text.utf8))
    }

    /// One digest for layers that lie over each other.
    static func digest(of diffIDs: [Digest]) -> String {
        diffIDs.isEmpty
            ? "nothing"
            : ContentHasher.sha256(Array(diffIDs.map(\.description).joined(separator: "\n").utf8))
                .encoded
    }
}

/// Says why the cache had no result: what is other than at the last build.
enum CacheMiss {
    /// How many inputs are named.
    private static let shown = 5

    static func reason(_ inputs: StepInputs, before: StepInputs?) -> String {
        guard let before else { return "it was not built here before" }
        var names: [String] = []
        // What is empty is not written down.
        for (name, value) in inputs.values where before.values[name] ?? "" != value {
            names.append(before.values[name] == nil ? "\(name) is new" : "\(name) changed")
        }
        for name in before.values.keys where inputs.values[name] == nil {
            names.append("\(name) is gone")
        }
        guard !names.isEmpty else { return "its result is no longer in the cache" }
        // What is below comes first: it is why all the rest has to be done again.
        names.sort { left, right in
            let order = (left.hasPrefix(StepInput.parent), right.hasPrefix(StepInput.parent))
            return order.0 == order.1 ? left < right : order.0
        }
        let rest = names.count - shown
        return names.prefix(shown).joined(separator: ", ") + (rest > 0 ? " and \(rest) more" : "")
    }
}

/// The names of inputs, as `--why` shows them.
enum StepInput {
    static let parent = "what lies below"
    static let instruction = "the instruction"
    static let environment = "the environment"
    static let platform = "the platform"
    static let epoch = "the time of the build"

    static func file(_ path: String) -> String { "file \(path.isEmpty ? "/" : path)" }
}
