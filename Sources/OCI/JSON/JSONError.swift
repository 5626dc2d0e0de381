package import Diagnostics

/// What is wrong with a JSON text, and where.
package struct JSONError: Error, Equatable {
    /// The members that lead to the value: "process.user.uid"; empty for the whole text.
    package var path: String
    /// The line of the mistake, from 1.
    package var line: Int
    /// The byte in the line, from 1.
    package var column: Int
    /// The mistake: "is a string, needs true or false".
    package var message: String

    package init(path: String, line: Int, column: Int, message: String) {
        self.path = path
        self.line = line
        self.column = column
        self.message = message
    }

    /// The error for a person who knows the text by a name.
    ///
    /// - Parameter name: what the text is: "config.json".
    /// - Returns: a problem of kind `.invalid`.
    package func problem(in name: String) -> Problem {
        Problem(
            kind: .invalid, what: "cannot read \(name)", why: description,
            fix: "correct line \(line) of \(name)", cause: self)
    }
}

extension JSONError: CustomStringConvertible {
    package var description: String {
        let place = "(line \(line), column \(column))"
        return path.isEmpty ? "\(message) \(place)" : "\(path) \(message) \(place)"
    }
}
