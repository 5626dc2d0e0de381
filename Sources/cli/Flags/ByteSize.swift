/// Sizes in bytes with a binary unit: `512m`, `1.5g`, `64KiB` (go-units' RAMInBytes).
enum ByteSize {
    /// A size that is not negative.
    static func parse(_ text: String) throws(InvalidValue) -> Int64 {
        let digits = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        let unit = text[digits.endIndex...].drop { $0 == " " }
        guard let number = decimal(digits), let power = power(of: unit.lowercased()) else {
            throw InvalidValue("invalid size: '\(text)'", fix: "write a number and b, k, m, g or t")
        }
        let bytes = number * Double(Int64(1) << (10 * power))
        guard bytes < 9.2e18 else { throw InvalidValue("invalid size: '\(text)' is too large") }
        return Int64(bytes)
    }

    /// A size, or −1 for "without limit".
    static func parseOrUnlimited(_ text: String) throws(InvalidValue) -> Int64 {
        text == "-1" ? -1 : try parse(text)
    }

    private static func decimal(_ digits: Substring) -> Double? {
        guard digits.first?.isNumber == true, digits.last != "." else { return nil }
        return Double(digits)
    }

    /// How often 1024 is multiplied for a unit.
    private static func power(of unit: String) -> Int? {
        if unit.isEmpty || unit == "b" { return 0 }
        guard let first = unit.first, let index = "kmgtp".firstIndex(of: first),
            ["", "b", "ib"].contains(String(unit.dropFirst()))
        else { return nil }
        return "kmgtp".distance(from: "kmgtp".startIndex, to: index) + 1
    }
}
