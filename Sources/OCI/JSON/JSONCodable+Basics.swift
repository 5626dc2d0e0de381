extension String: JSONCodable {
    package init(from json: inout JSONReader) throws(JSONError) { self = try json.readString() }

    package static func readIfPresent(from json: inout JSONReader) throws(JSONError) -> String? {
        if json.readNull() { return nil }
        let text = try json.readString()
        return text.isEmpty ? nil : text
    }

    package func write(to json: inout JSONWriter) { json.write(self) }
}

extension Bool: JSONCodable {
    package init(from json: inout JSONReader) throws(JSONError) { self = try json.readBool() }

    package func write(to json: inout JSONWriter) { json.write(self) }
}

extension FixedWidthInteger where Self: JSONCodable {
    package init(from json: inout JSONReader) throws(JSONError) { self = try json.readInteger() }

    package func write(to json: inout JSONWriter) { json.write(self) }
}

extension Int: JSONCodable {}
extension Int32: JSONCodable {}
extension Int64: JSONCodable {}
extension UInt16: JSONCodable {}
extension UInt32: JSONCodable {}
extension UInt64: JSONCodable {}

extension Optional: JSONCodable where Wrapped: JSONCodable {
    package init(from json: inout JSONReader) throws(JSONError) {
        self = try Wrapped.readIfPresent(from: &json)
    }

    package func write(to json: inout JSONWriter) {
        if let value = self { value.write(to: &json) } else { json.writeNull() }
    }
}

extension Array: JSONCodable where Element: JSONCodable {
    /// Reads an array; null is an empty one, as writers in Go mean it.
    package init(from json: inout JSONReader) throws(JSONError) {
        self = []
        if json.readNull() { return }
        try json.enterArray()
        while try json.nextElement() { append(try json.read()) }
    }

    package func write(to json: inout JSONWriter) {
        json.beginArray()
        for element in self { element.write(to: &json) }
        json.endArray()
    }
}

extension Dictionary: JSONCodable where Key == String, Value: JSONCodable {
    /// Reads an object; null is an empty one, as writers in Go mean it.
    package init(from json: inout JSONReader) throws(JSONError) {
        self = [:]
        if json.readNull() { return }
        try json.enterObject()
        while let key = try json.nextKey() {
            let name = key.string
            if json.refusesZeroBytes { try json.checkZeroBytes(in: name) }
            self[name] = try json.read()
        }
    }

    /// Writes the members in the order of their names.
    package func write(to json: inout JSONWriter) {
        json.beginObject()
        // Names alone: a list of both would be a type to be made at run time.
        var names: [String] = []
        for (name, _) in self { names.append(name) }
        names.sort()
        for name in names {
            if let value = self[name] { json.member(name, value) }
        }
        json.endObject()
    }
}
