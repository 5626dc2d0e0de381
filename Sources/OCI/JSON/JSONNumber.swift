/// A JSON number, kept as its exact text.
package struct JSONNumber: Sendable, Hashable {
    /// The number as it is written: "1.50".
    package let text: String

    init(validText text: String) { self.text = text }

    package init(_ value: some FixedWidthInteger) { self.text = "\(value)" }

    /// A number from a floating-point value.
    ///
    /// - Parameter value: finite; JSON has neither infinities nor NaN.
    package init(_ value: Double) {
        precondition(value.isFinite, "JSON has no \(value)")
        self.text = value.description
    }

    /// The number as a whole number of a type, or nil when it is not one or does not fit.
    package func integer<Integer: FixedWidthInteger>(
        as type: Integer.Type = Integer.self
    ) -> Integer? {
        Integer(text)
    }

    /// The number as the nearest floating-point value.
    package var double: Double { Double(text) ?? .nan }
}
