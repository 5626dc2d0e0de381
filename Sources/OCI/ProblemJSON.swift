package import Diagnostics

extension Problem {
    /// The problem as JSON members: kind, what, why and, where there is one, fix.
    ///
    /// The cause stays behind: it means something only to the process that met it.
    package var jsonObject: JSONObject {
        var object: JSONObject = [
            "kind": .string(kind.rawValue), "what": .string(what), "why": .string(why),
        ]
        if let fix { object["fix"] = .string(fix) }
        return object
    }

    /// The problem as a JSON text of one line.
    package var json: [UInt8] { JSONValue.object(jsonObject).json() }

    /// Takes a problem out of JSON members; nil when one is missing or the kind is unknown.
    ///
    /// - Parameter object: what ``jsonObject`` made, here or in another process of Kade; members
    ///   that are no part of a problem are ignored.
    package init?(jsonObject object: JSONObject) {
        guard let kind = object["kind"]?.string.flatMap(Kind.init(rawValue:)),
            let what = object["what"]?.string, let why = object["why"]?.string
        else { return nil }
        self.init(kind: kind, what: what, why: why, fix: object["fix"]?.string)
    }

    /// Reads a problem that another process of Kade sent.
    ///
    /// - Parameters:
    ///   - bytes: a JSON text.
    ///   - sender: who sent it, for the error.
    /// - Throws: a problem of kind `.bug` when the text is not one.
    package init(json bytes: [UInt8], from sender: String) throws(Problem) {
        guard let object = try JSONValue(json: bytes, named: "the error of \(sender)").object,
            let problem = Problem(jsonObject: object)
        else {
            throw Problem(
                kind: .bug, what: "cannot read the error of \(sender)",
                why: "it has no kind, what and why")
        }
        self = problem
    }
}
