/// `NAME=VALUE` flags: `--sysctl`, `--annotation`, `--log-opt`.
enum KeyValueFlag {
    static func parse(_ text: String) throws(InvalidValue) -> Label {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty else {
            throw InvalidValue("'\(text)' is not NAME=VALUE")
        }
        return Label(key: String(parts[0]), value: String(parts[1]))
    }
}

/// `--filter NAME=VALUE` of the lists.
enum FilterFlag {
    static func parse(_ text: String) throws(InvalidValue) -> Label {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty else {
            throw InvalidValue("invalid filter '\(text)'", fix: "write NAME=VALUE")
        }
        return Label(
            key: parts[0].trimmingBlanks().lowercased(), value: parts[1].trimmingBlanks())
    }
}

/// `--add-host NAME:ADDRESS` (or `NAME=ADDRESS`).
enum ExtraHostFlag {
    static func parse(_ text: String) throws(InvalidValue) -> String {
        let parts = text.split(maxSplits: 1, omittingEmptySubsequences: false) {
            $0 == ":" || $0 == "="
        }
        guard parts.count == 2, !parts[0].isEmpty else {
            throw InvalidValue("bad format for add-host: \"\(text)\"")
        }
        var address = parts[1]
        if address.hasPrefix("[") && address.hasSuffix("]") {
            address = address.dropFirst().dropLast()
        }
        let isAddress =
            address == "host-gateway"
            || !address.isEmpty
                && address.allSatisfy { $0.isHexDigit || $0 == "." || $0 == ":" }
                && (address.contains(".") || address.contains(":"))
        guard isAddress else {
            throw InvalidValue(
                "invalid IP address in add-host: \"\(parts[1])\"",
                fix: "write an address, or host-gateway for the host's own")
        }
        return "\(parts[0]):\(address)"
    }
}
