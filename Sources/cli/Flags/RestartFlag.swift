import Engine

/// `--restart no|always|unless-stopped|on-failure[:N]`.
enum RestartFlag {
    static func parse(_ text: String) throws(InvalidValue) -> RestartPolicy {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard parts.count <= 2 else {
            throw InvalidValue("invalid restart policy format: '\(text)' has more than one colon")
        }
        var maximumRetries: Int?
        if parts.count == 2 {
            guard !parts[0].isEmpty else {
                throw InvalidValue(
                    "invalid restart policy format: no policy provided before colon")
            }
            guard let count = Int(parts[1]) else {
                throw InvalidValue(
                    "invalid restart policy format: maximum retry count must be an integer")
            }
            guard count >= 0 else {
                throw InvalidValue(
                    "invalid restart policy: maximum retry count cannot be negative")
            }
            maximumRetries = count
        }
        let policy: RestartPolicy
        switch parts[0] {
        case "", "no": policy = .no
        case "always": policy = .always
        case "unless-stopped": policy = .unlessStopped
        case "on-failure": return .onFailure(maximumRetries: maximumRetries ?? 0)
        default:
            throw InvalidValue(
                "invalid restart policy: unknown policy '\(parts[0])'",
                fix: "use one of 'no', 'always', 'on-failure' or 'unless-stopped'")
        }
        guard maximumRetries ?? 0 == 0 else {
            throw InvalidValue(
                "invalid restart policy: maximum retry count can only be used with 'on-failure'")
        }
        return policy
    }
}
