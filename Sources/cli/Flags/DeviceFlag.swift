import Engine

/// `--device HOST[:CONTAINER[:PERMISSIONS]]`, or the name of a device of CDI.
enum DeviceFlag: Equatable {
    case node(DeviceRequest)
    case interface(String)

    static func parse(_ text: String) throws(InvalidValue) -> DeviceFlag {
        if CDIName.isQualified(text) { return .interface(text) }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard (1...3).contains(parts.count), !parts[0].isEmpty else {
            throw InvalidValue("invalid device specification: \(text)")
        }
        guard parts[0].hasPrefix("/") else {
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
        return .node(
            DeviceRequest(
                hostPath: parts[0], containerPath: containerPath, permissions: permissions))
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

    /// A relative weight of 10 to 1000.
    static func parseWeight(_ text: String) throws(InvalidValue) -> DeviceRate {
        let weight = try parse(text, format: "<device-path>:<number>") { UInt64($0) }
        guard (10...1000).contains(weight.rate) else {
            throw InvalidValue(
                "invalid weight for device: \(text)", fix: "a weight is 10 to 1000")
        }
        return weight
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
