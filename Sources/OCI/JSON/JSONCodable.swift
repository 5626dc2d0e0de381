package import Diagnostics

/// A type that a JSON text can hold.
///
/// It does not ask for `Equatable`, which most of these types are: the table of a conformance that
/// leads to one of the standard library is made when it is first used, and takes a page of memory.
package protocol JSONCodable: Sendable {
    /// Reads a value; null or another type is an error.
    init(from json: inout JSONReader) throws(JSONError)

    /// Reads a value where none has to be: null is none, and for strings the empty one.
    static func readIfPresent(from json: inout JSONReader) throws(JSONError) -> Self?

    /// Writes the value.
    func write(to json: inout JSONWriter)
}

extension JSONCodable {
    package static func readIfPresent(from json: inout JSONReader) throws(JSONError) -> Self? {
        json.readNull() ? nil : try Self(from: &json)
    }

    /// Reads a whole text.
    ///
    /// - Parameters:
    ///   - bytes: one JSON value in UTF-8.
    ///   - name: what the text is, for the error: "config.json".
    /// - Throws: `.invalid` with the path, line and column of the mistake.
    package init(json bytes: [UInt8], named name: String) throws(Problem) {
        do throws(JSONError) {
            self = try bytes.withUnsafeBufferPointer { bytes throws(JSONError) in
                try Self(text: bytes)
            }
        } catch {
            throw error.problem(in: name)
        }
    }

    /// Reads a whole text from memory that is not an array: a mapped file.
    package init(text bytes: UnsafeBufferPointer<UInt8>) throws(JSONError) {
        var json = JSONReader(bytes)
        try self.init(from: &json)
        try json.finish()
    }

    /// The value as a JSON text.
    package func json(_ style: JSONWriter.Style = .compact) -> [UInt8] {
        var writer = JSONWriter(style)
        write(to: &writer)
        return writer.bytes
    }

    /// The value as a JSON text in a string.
    package func jsonString(_ style: JSONWriter.Style = .compact) -> String {
        String(decoding: json(style), as: UTF8.self)
    }
}

extension JSONReader {
    /// Reads a value of the type that the context asks for.
    package mutating func read<Value: JSONCodable>() throws(JSONError) -> Value {
        try Value(from: &self)
    }
}

/// An enumeration whose cases are strings in JSON; another string is an error.
package protocol JSONStringEnum: JSONCodable, RawRepresentable, CaseIterable, Hashable
where RawValue == String {}

extension JSONStringEnum {
    package init(from json: inout JSONReader) throws(JSONError) {
        let text = try json.readString()
        guard let value = Self(rawValue: text) else {
            let known = Self.allCases.map(\.rawValue).joined(separator: ", ")
            throw json.error("is \"\(text)\", needs one of \(known)")
        }
        self = value
    }

    package static func readIfPresent(from json: inout JSONReader) throws(JSONError) -> Self? {
        if json.readNull() { return nil }
        if json.readEmptyString() { return nil }
        return try Self(from: &json)
    }

    package func write(to json: inout JSONWriter) { json.write(rawValue) }
}
