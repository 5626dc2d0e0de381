import Diagnostics
import OCI

/// A compose file's text, with the variables in its values (compose-spec, interpolation.md).
struct ComposeText {
    private let name: String
    private let environment: [String: String]

    /// How deep a variable's usual value may have others in it.
    private static let deepest = 50

    init(named name: String, environment: [String: String]) {
        self.name = name
        self.environment = environment
    }

    /// Fills in the variables of all texts of a value, and not of its names.
    ///
    /// - Throws: `.invalid` for a variable that has to be set, and for a mistake in the writing.
    func filled(_ value: JSONValue) throws(Problem) -> JSONValue {
        switch value {
        case .null, .bool, .number: return value
        case .string(let text): return .string(try filled(text))
        case .array(let elements):
            return .array(
                try elements.map { element throws(Problem) in try filled(element) })
        case .object(let object):
            return .object(
                JSONObject(
                    try object.members.map { member throws(Problem) in
                        JSONObject.Member(member.name, try filled(member.value))
                    }))
        }
    }

    private func filled(_ text: String) throws(Problem) -> String {
        var rest = Array(text.utf8)[...]
        return try filled(&rest, depth: 0)
    }

    /// Fills in to the end, or, in a variable's braces, to the brace that closes them.
    private func filled(_ rest: inout ArraySlice<UInt8>, depth: Int) throws(Problem) -> String {
        guard depth < Self.deepest else { throw mistake("variables are nested too deeply") }
        var bytes: [UInt8] = []
        while let byte = rest.first, depth == 0 || byte != UInt8(ascii: "}") {
            rest.removeFirst()
            guard byte == UInt8(ascii: "$"), let next = rest.first else {
                bytes.append(byte)
                continue
            }
            if next == UInt8(ascii: "$") {
                rest.removeFirst()
                bytes.append(next)
            } else if next == UInt8(ascii: "{") {
                rest.removeFirst()
                bytes += Array(try braced(&rest, depth: depth).utf8)
            } else if let name = Self.takeName(&rest) {
                bytes += Array((environment[name] ?? "").utf8)
            } else {
                bytes.append(byte)
            }
        }
        return bytes.text
    }

    /// `NAME`, `NAME:-usual`, `NAME-usual`, `NAME:?why`, `NAME?why`, `NAME:+other`, `NAME+other`.
    private func braced(_ rest: inout ArraySlice<UInt8>, depth: Int) throws(Problem) -> String {
        guard let name = Self.takeName(&rest) else { throw mistake("${ has no name behind it") }
        var value = environment[name]
        var sign = rest.popFirst()
        if sign == UInt8(ascii: ":") {
            if value?.isEmpty == true { value = nil }
            sign = rest.popFirst()
        }
        guard sign != UInt8(ascii: "}") else { return value ?? "" }
        let word = try filled(&rest, depth: depth + 1)
        guard rest.popFirst() == UInt8(ascii: "}") else { throw mistake("${\(name) has no end") }
        switch sign {
        case UInt8(ascii: "-"): return value ?? word
        case UInt8(ascii: "+"): return value == nil ? "" : word
        case UInt8(ascii: "?"):
            guard let value else {
                throw mistake("the variable \(name) is not set: \(word)")
            }
            return value
        default: throw mistake("${\(name) goes on with what is not known")
        }
    }

    private static func takeName(_ rest: inout ArraySlice<UInt8>) -> String? {
        let name = rest.prefix { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "_"), UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            default: false
            }
        }
        guard let first = name.first, !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first)
        else { return nil }
        rest = rest.dropFirst(name.count)
        return name.text
    }

    private func mistake(_ why: String) -> Problem {
        Problem(
            kind: .invalid, what: "cannot use \(name)", why: why,
            fix: "set the variable, or write $$ for a dollar sign")
    }
}
