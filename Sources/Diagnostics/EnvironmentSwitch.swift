/// A variable of the environment that is `on`, as long as nobody says `off`.
package enum EnvironmentSwitch {
    /// Reads its value.
    ///
    /// - Parameters:
    ///   - variable: its name, for the error.
    ///   - value: what it is; nil where it is not set.
    /// - Returns: whether it is on.
    /// - Throws: `.invalid` for another word.
    package static func isOn(_ variable: String, _ value: String?) throws(Problem) -> Bool {
        switch value ?? "on" {
        case "on", "": return true
        case "off": return false
        case let text:
            throw Problem(
                kind: .invalid, what: "cannot use \(variable)=\(text)",
                why: "there is no such choice", fix: "give on or off")
        }
    }
}
