/// A JSON object whose members keep their order.
package struct JSONObject: Sendable, Hashable {
    /// The members; where a name occurs twice the later one counts.
    package private(set) var members: [Member]

    package init(_ members: [Member] = []) { self.members = members }

    /// A member of an object.
    package struct Member: Sendable, Hashable {
        package var name: String
        package var value: JSONValue

        package init(_ name: String, _ value: JSONValue) {
            self.name = name
            self.value = value
        }
    }

    /// Whether there is no member.
    package var isEmpty: Bool { members.isEmpty }

    /// The value of a member; setting nil removes it, setting a new one appends it.
    package subscript(name: String) -> JSONValue? {
        get { members.last { $0.name == name }?.value }
        set {
            guard let newValue else { return members.removeAll { $0.name == name } }
            if let index = members.lastIndex(where: { $0.name == name }) {
                members[index].value = newValue
            } else {
                members.append(Member(name, newValue))
            }
        }
    }

    /// Appends a member without looking for one of the same name.
    package mutating func append(_ name: String, _ value: JSONValue) {
        members.append(Member(name, value))
    }

    /// Reads the value of a member that a decoder does not know, and keeps both.
    mutating func keep(_ key: JSONKey, from json: inout JSONReader) throws(JSONError) {
        append(key.string, try json.readValue())
    }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
    package init(dictionaryLiteral elements: (String, JSONValue)...) {
        self.init(elements.map { name, value in Member(name, value) })
    }
}
