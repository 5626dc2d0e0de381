/// A number of CPUs, `--cpus 1.5`, in billionths as Docker counts them.
enum CPUCount {
    static func parse(_ text: String) throws(InvalidValue) -> Int64 {
        let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        let whole = parts[0].isEmpty && parts.count == 2 ? "0" : parts[0]
        let fraction = parts.count == 2 ? parts[1] : ""
        guard let units = Int64(whole), units >= 0, !whole.hasPrefix("+"),
            fraction.allSatisfy({ $0.isASCII && $0.isNumber }), parts.count == 1 || text != "."
        else { throw InvalidValue("failed to parse '\(text)' as a number of CPUs") }
        let trimmed = trimmingZeros(fraction)
        guard trimmed.count <= 9 else { throw InvalidValue("value is too precise") }
        let billionths =
            Int64(trimmed + String(repeating: "0", count: 9 - trimmed.count)) ?? 0
        guard units < 1_000_000 else { throw InvalidValue("'\(text)' CPUs are too many") }
        return units * 1_000_000_000 + billionths
    }

    private static func trimmingZeros(_ digits: Substring) -> String {
        var digits = digits
        while digits.last == "0" { digits.removeLast() }
        return String(digits)
    }
}
