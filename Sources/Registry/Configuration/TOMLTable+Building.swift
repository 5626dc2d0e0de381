/// Why a key or header does not go together with what is there.
struct Conflict: Error {
    var why: String
}

extension TOMLTable {
    /// Begins a table, or a further one of a list.
    mutating func open(
        _ path: ArraySlice<String>, isList: Bool, line: Int
    ) throws(Conflict) {
        guard let key = path.first else { return }
        if path.count > 1 {
            return try changeTable(key, line: line, origin: .implied) { table throws(Conflict) in
                try table.open(path.dropFirst(), isList: isList, line: line)
            }
        }
        let new = TOMLTable(line: line, origin: .header)
        switch self[key] {
        case nil: set(key, isList ? .array([.table(new)]) : .table(new), line: line)
        case .table(var table) where !isList && table.origin == .implied:
            table.origin = .header
            set(key, .table(table), line: line)
        case .array(let elements) where isList && elements.last?.isHeaderTable == true:
            set(key, .array(elements + [.table(new)]), line: line)
        default: throw Conflict(why: "is there already, since line \(self.line(of: key))")
        }
    }

    /// Sets a key of the table that a header began.
    mutating func insert(
        _ value: TOMLValue, _ keys: ArraySlice<String>, below path: ArraySlice<String>, line: Int
    ) throws(Conflict) {
        if let next = path.first {
            return try changeTable(next, line: line, origin: .implied) { table throws(Conflict) in
                try table.insert(value, keys, below: path.dropFirst(), line: line)
            }
        }
        guard let key = keys.first else { return }
        if keys.count > 1 {
            return try changeTable(key, line: line, origin: .dotted) { table throws(Conflict) in
                guard table.origin == .dotted else { throw Conflict(why: "adds to another table") }
                try table.insert(value, keys.dropFirst(), below: [], line: line)
            }
        }
        guard self[key] == nil else {
            throw Conflict(why: "is there already, since line \(self.line(of: key))")
        }
        set(key, value, line: line)
    }

    /// Changes the table of a key, or the last one of its list; makes it where there is none.
    private mutating func changeTable(
        _ key: String, line: Int, origin: Origin,
        _ change: (inout TOMLTable) throws(Conflict) -> Void
    ) throws(Conflict) {
        switch self[key] {
        case nil:
            var table = TOMLTable(line: line, origin: origin)
            try change(&table)
            set(key, .table(table), line: line)
        case .table(var table) where table.origin != .inline:
            try change(&table)
            set(key, .table(table), line: line)
        case .array(var elements):
            guard case .table(var table)? = elements.last, table.origin == .header else {
                throw Conflict(why: "adds to a list that is closed")
            }
            try change(&table)
            elements[elements.count - 1] = .table(table)
            set(key, .array(elements), line: line)
        default: throw Conflict(why: "adds to \"\(key)\", which is no open table")
        }
    }
}

extension TOMLValue {
    fileprivate var isHeaderTable: Bool {
        guard case .table(let table) = self else { return false }
        return table.origin == .header
    }
}
