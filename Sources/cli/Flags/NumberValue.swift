/// Whole numbers of flags: `--cpu-shares 512`, `--pids-limit -1`.
enum NumberValue {
    /// A whole number, negative ones too.
    static func parse(_ text: String) throws(InvalidValue) -> Int64 {
        guard let value = Int64(text) else { throw InvalidValue("'\(text)' is not a whole number") }
        return value
    }

    /// A whole number that fits an `Int`.
    static func parseInt(_ text: String) throws(InvalidValue) -> Int { Int(try parse(text)) }

    /// A whole number within bounds that the kernel sets: `--memory-swappiness`, `--oom-score-adj`.
    static func parse(in range: ClosedRange<Int>) -> (String) throws(InvalidValue) -> Int {
        { text throws(InvalidValue) in
            let value = try parseInt(text)
            guard range.contains(value) else {
                throw InvalidValue(
                    "\(value) is not between \(range.lowerBound) and \(range.upperBound)")
            }
            return value
        }
    }
}
