import Engine

/// `--device HOST[:CONTAINER[:PERMISSIONS]]`.
enum DeviceFlag {
    static func parse(_ text: String) throws(InvalidValue) -> DeviceRequest {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard (1...3).contains(parts.count), !parts[0].isEmpty else {
            throw InvalidValue("invalid device specification: \(text)")
        }
        guard parts[0].hasPrefix("/") else {
            guard !parts[0].contains("=") else {
                throw InvalidValue.unsupported(
                    "\(text) names a CDI device, which this version of Kade does not support")
            }
            throw InvalidValue("'\(parts[0])' is not an absolute path")
        }
        var containerPath = parts[0]
        var permissions = "rwm"
        if parts.count == 3 {
            guard isMode(parts[2]) else { throw InvalidValue("invalid device mode: \(parts[2])") }
            permissions = parts[2]
        }
        if parts.count >= 2 && !parts[1].isEmpty {
            if parts.count == 2 && isMode(parts[1]) {
                permissions = parts[1]
            } else {
                containerPath = parts[1]
            }
        }
        guard containerPath.hasPrefix("/") else {
            throw InvalidValue("'\(containerPath)' is not an absolute path")
        }
        return DeviceRequest(
            hostPath: parts[0], containerPath: containerPath, permissions: permissions)
    }

    /// Whether the text is some of r, w and m, each at most once.
    private static func isMode(_ text: String) -> Bool {
        !text.isEmpty && text.allSatisfy { "rwm".contains($0) } && Set(text).count == text.count
    }
}

/// `--device-cgroup-rule 'c 1:3 rwm'`.
enum DeviceRuleFlag {
    static func parse(_ text: String) throws(InvalidValue) -> String {
        let parts = text.split(separator: " ", omittingEmptySubsequences: false)
        let numbers = parts.count == 3 ? parts[1].split(separator: ":") : []
        let isRule =
            parts.count == 3 && ["a", "b", "c"].contains(parts[0])
            && parts[1].filter { $0 == ":" }.count == 1 && numbers.count == 2
            && numbers.allSatisfy { $0 == "*" || UInt32($0) != nil }
            && (1...3).contains(parts[2].count) && parts[2].allSatisfy { "rwm".contains($0) }
        guard isRule else {
            throw InvalidValue(
                "invalid device cgroup format '\(text)'", fix: "write it as 'c 1:3 rwm'")
        }
        return text
    }
}

/// `--device-read-bps PATH:RATE` and its three sisters.
enum DeviceRateFlag {
    /// Bytes per second, with a binary unit as `1mb`.
    static func parseBytes(_ text: String) throws(InvalidValue) -> DeviceRate {
        try parse(
            text, format: "<device-path>:<number>[<unit>], the unit being kb, mb or gb"
        ) { value in (try? ByteSize.parse(value)).map(UInt64.init) }  // the message below says more
    }

    /// Operations per second.
    static func parseOperations(_ text: String) throws(InvalidValue) -> DeviceRate {
        try parse(text, format: "<device-path>:<number>") { UInt64($0) }
    }

    private static func parse(
        _ text: String, format: String, _ rate: (String) -> UInt64?
    ) throws(InvalidValue) -> DeviceRate {
        guard let colon = text.firstIndex(of: ":"), colon != text.startIndex else {
            throw InvalidValue("bad format: \(text)", fix: "write \(format)")
        }
        guard text.hasPrefix("/dev/") else {
            throw InvalidValue("bad format for device path: \(text)", fix: "it begins with /dev/")
        }
        guard let value = rate(String(text[text.index(after: colon)...])) else {
            throw InvalidValue("invalid rate for device: \(text)", fix: "write \(format)")
        }
        return DeviceRate(path: String(text[..<colon]), rate: value)
    }
}
