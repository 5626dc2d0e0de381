import Diagnostics

/// A value of a TOML file.
package enum TOMLValue: Sendable, Equatable {
    case string(String)
    case integer(Int)
    case bool(Bool)
    case array([TOMLValue])
    case table(TOMLTable)

    /// The kind's name, for errors.
    var kind: String {
        switch self {
        case .string: "a string"
        case .integer: "a number"
        case .bool: "true or false"
        case .array: "a list"
        case .table: "a table"
        }
    }
}

/// A table of a TOML file: keys in the file's order, each with its line.
package struct TOMLTable: Sendable, Equatable {
    /// The keys and values.
    package private(set) var entries: [Entry] = []
    /// Where the table begins.
    package var line: Int
    /// How it came about, which decides what may be added to it.
    var origin: Origin

    /// A key with its value.
    package struct Entry: Sendable, Equatable {
        package var key: String
        package var value: TOMLValue
        package var line: Int
    }

    enum Origin: Sendable, Equatable {
        /// Only as a part of another table's name.
        case implied
        /// By a header of its own.
        case header
        /// By a dotted key.
        case dotted
        /// In braces, which is closed for ever.
        case inline
    }

    init(line: Int, origin: Origin) {
        self.line = line
        self.origin = origin
    }

    package subscript(key: String) -> TOMLValue? {
        entries.first { $0.key == key }?.value
    }

    mutating func set(_ key: String, _ value: TOMLValue, line: Int) {
        if let index = entries.firstIndex(where: { $0.key == key }) {
            entries[index].value = value
        } else {
            entries.append(Entry(key: key, value: value, line: line))
        }
    }

    /// The line of a key.
    func line(of key: String) -> Int { entries.first { $0.key == key }?.line ?? line }
}

/// Reads typed values of a table; a value of another kind is an error that names file and line.
struct TOMLFields {
    let table: TOMLTable
    let file: String

    func string(_ key: String) throws(Problem) -> String? {
        guard let value = table[key] else { return nil }
        guard case .string(let text) = value else { throw mismatch(key, "a string", value) }
        return text
    }

    func bool(_ key: String) throws(Problem) -> Bool {
        guard let value = table[key] else { return false }
        guard case .bool(let bool) = value else { throw mismatch(key, "true or false", value) }
        return bool
    }

    func strings(_ key: String) throws(Problem) -> [String]? {
        guard let value = table[key] else { return nil }
        guard case .array(let elements) = value else { throw mismatch(key, "a list", value) }
        var strings: [String] = []
        for element in elements {
            guard case .string(let text) = element else {
                throw mismatch(key, "a list of strings", element)
            }
            strings.append(text)
        }
        return strings
    }

    func tables(_ key: String) throws(Problem) -> [TOMLFields] {
        guard let value = table[key] else { return [] }
        guard case .array(let elements) = value else {
            throw mismatch(key, "a list of tables: [[\(key)]]", value)
        }
        var tables: [TOMLFields] = []
        for element in elements {
            guard case .table(let table) = element else { throw mismatch(key, "a table", element) }
            tables.append(TOMLFields(table: table, file: file))
        }
        return tables
    }

    func table(_ key: String) throws(Problem) -> TOMLFields? {
        guard let value = table[key] else { return nil }
        guard case .table(let table) = value else { throw mismatch(key, "a table", value) }
        return TOMLFields(table: table, file: file)
    }

    /// An error about a key of the table.
    func problem(_ key: String, _ why: String) -> Problem {
        Problem(
            kind: .invalid, what: "cannot use \(file)",
            why: "line \(table.line(of: key)): \(why)", fix: "mend the file")
    }

    private func mismatch(_ key: String, _ wanted: String, _ found: TOMLValue) -> Problem {
        problem(key, "\"\(key)\" has to be \(wanted), and is \(found.kind)")
    }
}
