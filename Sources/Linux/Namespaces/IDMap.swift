import SystemPackage

/// The users or groups of a user namespace, and who they are outside (`user_namespaces(7)`).
package struct IDMap: Sendable, Equatable {
    /// A range of IDs.
    package struct Range: Sendable, Equatable {
        package var inside: UInt32
        package var outside: UInt32
        package var count: UInt32

        package init(inside: UInt32, outside: UInt32, count: UInt32) {
            self.inside = inside
            self.outside = outside
            self.count = count
        }

        /// Reads "inside:outside:count"; nil for anything else.
        package init?(word: String) {
            let fields = word.split(separator: ":", omittingEmptySubsequences: false)
            let numbers = fields.compactMap { UInt32($0) }
            guard fields.count == 3, numbers.count == 3, numbers[2] > 0,
                !numbers[0].addingReportingOverflow(numbers[2]).overflow,
                !numbers[1].addingReportingOverflow(numbers[2]).overflow
            else { return nil }
            self.init(inside: numbers[0], outside: numbers[1], count: numbers[2])
        }
    }

    package var ranges: [Range]

    package init(_ ranges: [Range]) { self.ranges = ranges }

    /// The text that `uid_map` and `gid_map` take.
    package var text: String {
        ranges.map { "\($0.inside) \($0.outside) \($0.count)\n" }.joined()
    }

    /// The ranges as Docker and Podman write them: "0:100000:65536".
    package var words: [String] { ranges.map { "\($0.inside):\($0.outside):\($0.count)" } }

    /// Reads what ``words`` wrote; words that are none are left out.
    package init(words: [String]) {
        ranges = words.compactMap { Range(word: $0) }
    }

    /// Reads the text of a `uid_map` or `gid_map`; lines that are none are left out.
    package init(parsing text: String) {
        ranges = text.split(separator: "\n").compactMap { line in
            let numbers = line.split(separator: " ").compactMap { UInt32($0) }
            guard numbers.count == 3 else { return nil }
            return Range(inside: numbers[0], outside: numbers[1], count: numbers[2])
        }
    }
    /// Who an ID inside is outside; nil where the map has no place for it.
    package func outside(_ inside: UInt32) -> UInt32? {
        for range in ranges where inside >= range.inside && inside - range.inside < range.count {
            return range.outside + (inside - range.inside)
        }
        return nil
    }

    /// Who an ID outside is inside; nil where the map has no place for it.
    package func inside(_ outside: UInt32) -> UInt32? {
        for range in ranges
        where outside >= range.outside && outside - range.outside < range.count {
            return range.inside + (outside - range.outside)
        }
        return nil
    }

    /// How many IDs there are inside.
    package var count: UInt64 { ranges.reduce(0) { $0 + UInt64($1.count) } }

    /// Whether it maps every ID to itself, as in the machine's first user namespace.
    package var isIdentity: Bool {
        ranges.count == 1 && ranges[0] == Range(inside: 0, outside: 0, count: .max)
    }

    /// Whether the text of a `uid_map` is the identity's.
    package static func isIdentity(_ text: String) -> Bool {
        // As the kernel writes it in the machine's first user namespace, where nearly all ask.
        text == "         0          0 4294967295\n" || IDMap(parsing: text).isIdentity
    }

    /// Which of a process's two maps.
    package enum Kind: String, Sendable {
        case users = "uid_map"
        case groups = "gid_map"
    }

    /// Gives a process's user namespace its map, once and for all.
    package func write(_ kind: Kind, ofProcess process: CInt) throws(SystemCallError) {
        try File.write(text, into: FilePath("/proc/\(process)/\(kind.rawValue)"))
    }

    /// Forbids `setgroups(2)` in a process's user namespace, which an unprivileged map needs.
    package static func denySetgroups(ofProcess process: CInt) throws(SystemCallError) {
        try File.write("deny", into: FilePath("/proc/\(process)/setgroups"))
    }
}
