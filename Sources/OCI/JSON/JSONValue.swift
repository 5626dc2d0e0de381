package import Diagnostics

/// Any JSON value, for texts whose shape is not known beforehand.
package enum JSONValue: Sendable, Hashable {
    case null
    case bool(Bool)
    case number(JSONNumber)
    case string(String)
    case array([JSONValue])
    case object(JSONObject)

    /// Parses a text.
    ///
    /// - Parameters:
    ///   - bytes: one JSON value in UTF-8.
    ///   - name: what the text is, for the error: "manifest.json".
    /// - Returns: the value.
    /// - Throws: `.invalid` with the line and column of the mistake.
    package static func parse(_ bytes: [UInt8], named name: String) throws(Problem) -> JSONValue {
        try JSONValue(json: bytes, named: name)
    }

    /// The member of an object, or nil when there is none or this is no object.
    package subscript(name: String) -> JSONValue? { object?[name] }

    package var object: JSONObject? {
        guard case .object(let object) = self else { return nil }
        return object
    }

    package var array: [JSONValue]? {
        guard case .array(let array) = self else { return nil }
        return array
    }

    package var string: String? {
        guard case .string(let string) = self else { return nil }
        return string
    }

    package var bool: Bool? {
        guard case .bool(let bool) = self else { return nil }
        return bool
    }

    package var number: JSONNumber? {
        guard case .number(let number) = self else { return nil }
        return number
    }

    package var int: Int? { number?.integer() }

    package var isNull: Bool { self == .null }
}

extension JSONValue: JSONCodable {
    package init(from json: inout JSONReader) throws(JSONError) { self = try json.readValue() }

    package static func readIfPresent(
        from json: inout JSONReader
    ) throws(JSONError) -> JSONValue? {
        try json.readValue()  // null is a value here
    }

    package func write(to json: inout JSONWriter) {
        switch self {
        case .null: json.writeNull()
        case .bool(let bool): json.write(bool)
        case .number(let number): json.write(number)
        case .string(let string): json.write(string)
        case .array(let elements):
            json.beginArray()
            for element in elements { element.write(to: &json) }
            json.endArray()
        case .object(let object):
            json.beginObject()
            json.members(object)
            json.endObject()
        }
    }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByIntegerLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral,
    ExpressibleByNilLiteral
{
    package init(stringLiteral value: String) { self = .string(value) }
    package init(booleanLiteral value: Bool) { self = .bool(value) }
    package init(integerLiteral value: Int) { self = .number(JSONNumber(value)) }
    package init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
    package init(dictionaryLiteral elements: (String, JSONValue)...) {
        self = .object(JSONObject(elements.map { name, value in .init(name, value) }))
    }
    package init(nilLiteral: ()) { self = .null }
}

extension JSONReader {
    /// Reads whatever value is next.
    package mutating func readValue() throws(JSONError) -> JSONValue {
        skipWhitespace()
        switch peek() {
        case UInt8(ascii: "\""): return .string(try readString(mayHoldZeroBytes: true))
        case UInt8(ascii: "t"), UInt8(ascii: "f"): return .bool(try readBool())
        case UInt8(ascii: "n"):
            guard readNull() else { throw mismatch("a value") }
            return .null
        case UInt8(ascii: "["):
            var elements: [JSONValue] = []
            try enterArray()
            while try nextElement() { elements.append(try readValue()) }
            return .array(elements)
        case UInt8(ascii: "{"):
            var object = JSONObject()
            try enterObject()
            while let key = try nextKey() { object.append(key.string, try readValue()) }
            return .object(object)
        default: return .number(try readNumber())
        }
    }

    /// Passes whatever value is next.
    package mutating func skipValue() throws(JSONError) {
        skipWhitespace()
        switch peek() {
        case UInt8(ascii: "["):
            try enterArray()
            while try nextElement() { try skipValue() }
        case UInt8(ascii: "{"):
            try enterObject()
            while try nextKey() != nil { try skipValue() }
        default: _ = try readValue()
        }
    }
}
