/// A JSON number, kept as its exact text.
package struct JSONNumber: Sendable, Hashable {
    /// The number as it is written: "1.50".
    package let text: String

    package init(validText text: String) { self.text = text }

    /// A number from a whole one; inlined, because generic code for integers looks up conformances
    /// at run time.
    @inlinable
    package init(_ value: some FixedWidthInteger) {
        if let value = Int(exactly: value) {
            self.init(value)
        } else {
            self.init(validText: "\(value)")
        }
    }

    /// The usual one; the standard library's way for all integers looks up conformances at run time.
    package init(_ value: Int) {
        var rest = value.magnitude
        var digits: [UInt8] = []
        repeat {
            digits.append(UInt8(ascii: "0") + UInt8(rest % 10))
            rest /= 10
        } while rest > 0
        if value < 0 { digits.append(UInt8(ascii: "-")) }
        digits.reverse()
        text = String(decoding: digits, as: UTF8.self)
    }

    /// A number from a floating-point value.
    ///
    /// - Parameter value: finite; JSON has neither infinities nor NaN.
    package init(_ value: Double) {
        precondition(value.isFinite, "JSON has no \(value)")
        self.text = value.description
    }

    /// The number as a whole number of a type, or nil when it is not one or does not fit; inlined
    /// for the same reason.
    @inlinable
    package func integer<Integer: FixedWidthInteger>(
        as type: Integer.Type = Integer.self
    ) -> Integer? {
        if let whole { return Integer(exactly: whole) }
        return Integer(text)  // larger than an Int, or none
    }

    /// The number as the usual whole number, or nil when it is not one or does not fit.
    package var whole: Int? {
        var digits = text.utf8[...]
        let isNegative = digits.first == UInt8(ascii: "-")
        if isNegative { digits = digits.dropFirst() }
        var value = 0
        for byte in digits {
            let digit = byte &- UInt8(ascii: "0")
            guard digit < 10 else { return nil }
            let (product, isTooLarge) = value.multipliedReportingOverflow(by: 10)
            let (sum, carries) =
                isNegative
                ? product.subtractingReportingOverflow(Int(digit))
                : product.addingReportingOverflow(Int(digit))
            guard !isTooLarge, !carries else { return nil }
            value = sum
        }
        return value
    }

    /// The number as the nearest floating-point value.
    package var double: Double { Double(text) ?? .nan }
}
