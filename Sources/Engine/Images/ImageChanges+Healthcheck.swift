import Diagnostics
import OCI

/// `HEALTHCHECK [--interval=30s …] CMD …` and `HEALTHCHECK NONE`.
extension ImageConfiguration.Healthcheck {
    /// Reads the instruction's argument.
    ///
    /// - Parameters:
    ///   - argument: what follows the word HEALTHCHECK.
    ///   - command: reads the command of `CMD`; the shell's form is told by its first word.
    /// - Throws: `.invalid` for flags and words that it does not have.
    init(
        instruction argument: Substring,
        command: (Substring) throws(Problem) -> [String]
    ) throws(Problem) {
        self.init()
        var rest = argument
        while rest.hasPrefix("--") {
            let flag = rest.prefix { $0 != " " }
            rest = rest.dropFirst(flag.count).drop { $0 == " " }
            try take(flag: flag)
        }
        let word = rest.prefix { $0 != " " }
        rest = rest.dropFirst(word.count).drop { $0 == " " }
        switch word.uppercased() {
        case "NONE" where rest.isEmpty: test = ["NONE"]
        case "CMD" where !rest.isEmpty:
            test =
                rest.hasPrefix("[")
                ? ["CMD"] + (try command(rest)) : ["CMD-SHELL", String(rest)]
        default: throw Self.mistake("it is neither CMD with a command nor NONE")
        }
    }

    private mutating func take(flag: Substring) throws(Problem) {
        let parts = flag.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else { throw Self.mistake("\(flag) has no value") }
        let value = String(parts[1])
        switch parts[0] {
        case "--interval": interval = try Self.nanoseconds(value)
        case "--timeout": timeout = try Self.nanoseconds(value)
        case "--start-period": startPeriod = try Self.nanoseconds(value)
        case "--start-interval": startInterval = try Self.nanoseconds(value)
        case "--retries":
            guard let number = Int(value), number >= 0 else {
                throw Self.mistake("\(value) is no number of retries")
            }
            retries = number
        default: throw Self.mistake("it has no flag \(parts[0])")
        }
    }

    /// A duration as Go writes it: "1m30s", "1.5h", "100ms".
    private static func nanoseconds(_ text: String) throws(Problem) -> Int64 {
        let units: [(String, Double)] = [
            ("ns", 1), ("us", 1e3), ("µs", 1e3), ("ms", 1e6), ("s", 1e9), ("m", 60e9),
            ("h", 3600e9),
        ]
        var rest = text[...]
        var sum = 0.0
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isNumber || $0 == "." }
            rest = rest.dropFirst(digits.count)
            let word = rest.prefix { !$0.isNumber && $0 != "." }
            rest = rest.dropFirst(word.count)
            guard let number = Double(digits), let unit = units.first(where: { $0.0 == word })
            else { throw mistake("\(text) is no duration") }
            sum += number * unit.1
        }
        guard !text.isEmpty, sum < 9e18 else { throw mistake("\"\(text)\" is no duration") }
        guard sum == 0 || sum >= 1e6 else {
            throw mistake("\(text) is less than a millisecond")
        }
        return Int64(sum)
    }

    private static func mistake(_ why: String) -> Problem {
        Problem(
            kind: .invalid, what: "cannot read HEALTHCHECK", why: why,
            fix: "for example: HEALTHCHECK --interval=30s CMD curl -f http://localhost/")
    }
}
