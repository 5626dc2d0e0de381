import OCI

/// Values of HCL as those of JSON.
enum HCLValue {
    /// A number, without a point where it is whole; nil where it is too large for any.
    static func number(_ value: Double) -> JSONValue? {
        guard value.isFinite else { return nil }
        if value == value.rounded(), abs(value) < 1e15 { return .number(JSONNumber(Int(value))) }
        return .number(JSONNumber(value))
    }

    /// The value as a text; nil for lists and objects.
    static func text(_ value: JSONValue) -> String? {
        switch value {
        case .string(let text): text
        case .number(let number): number.text
        case .bool(let bool): bool ? "true" : "false"
        case .null, .array, .object: nil
        }
    }

    /// The value as a number; a text may hold one.
    static func double(_ value: JSONValue) -> Double? {
        switch value {
        case .number(let number): number.double
        case .string(let text): Double(text)
        default: nil
        }
    }

    /// The value as a truth; a text may hold one.
    static func bool(_ value: JSONValue) -> Bool? {
        switch value {
        case .bool(let bool): bool
        case .string("true"), .string("1"): true
        case .string("false"), .string("0"): false
        default: nil
        }
    }

    /// What it is, for errors.
    static func kind(_ value: JSONValue) -> String {
        switch value {
        case .string: "a text"
        case .number: "a number"
        case .bool: "true or false"
        case .null: "null"
        case .array: "a list"
        case .object: "an object"
        }
    }
}
