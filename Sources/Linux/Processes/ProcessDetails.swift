import SystemPackage

/// What the kernel says of a process: `/proc/PID/status` (proc_pid_status(5)), by the file's words.
package struct ProcessDetails: Sendable, Equatable {
    private var fields: [String: String] = [:]

    /// Reads the file's lines, each `Name:` and a value.
    package init(status text: String) {
        for line in text.split(separator: "\n") {
            guard let colon = line.firstIndex(of: ":") else { continue }
            let value = line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
            fields[String(line[..<colon])] = String(value)
        }
    }

    /// A field: `Seccomp`; nil where this kernel has none of the name.
    package subscript(field: String) -> String? { fields[field] }

    /// The numbers of a field: `Uid` has the real, effective, saved and file system's.
    package func numbers(_ field: String) -> [UInt32] {
        (fields[field] ?? "").split { $0 == " " || $0 == "\t" }.compactMap { UInt32($0) }
    }

    /// A set of capabilities: `CapEff`, `CapPrm`, `CapInh`, `CapBnd` or `CapAmb`.
    package func capabilities(_ field: String) -> CapabilitySet {
        CapabilitySet(rawValue: fields[field].flatMap { UInt64($0, radix: 16) } ?? 0)
    }
}

/// A line of `/proc/PID/limits` (proc_pid_limits(5)).
package struct EffectiveLimit: Sendable, Equatable {
    /// "Max open files".
    package let name: String
    /// A number or "unlimited".
    package let soft: String
    package let hard: String
    /// "files"; empty for some.
    package let unit: String

    /// Reads the file: a head line, and columns of 26 and twice 21 characters.
    package static func all(in text: String) -> [EffectiveLimit] {
        text.split(separator: "\n").dropFirst().compactMap { line in
            let words = line.dropFirst(26).split(separator: " ")
            guard words.count >= 2 else { return nil }
            var name = line.prefix(26)
            while name.last == " " { name.removeLast() }
            return EffectiveLimit(
                name: String(name), soft: String(words[0]), hard: String(words[1]),
                unit: words.count > 2 ? String(words[2]) : "")
        }
    }
}
