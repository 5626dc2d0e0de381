/// Names that JSON holds as an object with empty members: `{"80/tcp": {}}`.
package struct NameSet: Sendable, Hashable {
    /// The names, each once, in their order.
    package private(set) var names: [String]

    package init(_ names: [String] = []) {
        self.names = []
        for name in names { insert(name) }
    }

    /// Whether there is no name.
    package var isEmpty: Bool { names.isEmpty }

    /// Adds a name unless it is there.
    package mutating func insert(_ name: String) {
        if !names.contains(name) { names.append(name) }
    }
}

extension NameSet: ExpressibleByArrayLiteral {
    package init(arrayLiteral elements: String...) { self.init(elements) }
}

extension NameSet: JSONCodable {
    package init(from json: inout JSONReader) throws(JSONError) {
        self.init()
        if json.readNull() { return }
        try json.enterObject()
        while let key = try json.nextKey() {
            insert(key.string)
            try json.skipValue()
        }
    }

    package func write(to json: inout JSONWriter) {
        json.beginObject()
        for name in names {
            json.key(name)
            json.beginObject()
            json.endObject()
        }
        json.endObject()
    }
}

extension JSONWriter {
    /// Writes a member unless it is an empty set.
    package mutating func optional(_ name: String, _ set: NameSet) {
        if !set.isEmpty { member(name, set) }
    }
}
