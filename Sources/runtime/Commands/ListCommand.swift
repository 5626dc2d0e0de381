import ContainerRuntime
import Diagnostics
import OCI

/// `kade-runtime list`: prints all containers of the root.
enum ListCommand {
    static func run(_ arguments: [String], _ global: GlobalOptions) throws(Problem) -> CInt {
        let parsed = try ParsedArguments(
            arguments, options: [.value("format", "f"), .flag("quiet", "q")],
            stopsAtOperand: false)
        try parsed.requireOperands(0...0, of: "list")
        if try parsed.has("quiet") {
            for id in try global.root.identifiers() { print(id) }
            return 0
        }
        let list = try State.all(in: global.root)
        for problem in list.problems { global.log.warn("\(problem)") }
        switch parsed.value("format") ?? "table" {
        case "table": printTable(list.states)
        case "json": printJSON(list.states)
        case let other:
            throw Problem(
                kind: .invalid, what: "invalid format option \"\(other)\"",
                why: "it is table or json")
        }
        return 0
    }

    private static func printTable(_ states: [ContainerState]) {
        let header = ["ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER"]
        let rows = states.map { state in
            [
                state.id, "\(state.processID ?? 0)", state.status.rawValue, state.bundle,
                state.details?.created ?? "", state.details?.owner ?? "",
            ]
        }
        print(Columns.text([header] + rows), terminator: "")
    }

    private static func printJSON(_ states: [ContainerState]) {
        var json = JSONWriter(.compact)
        json.beginArray()
        for state in states { state.write(to: &json) }
        json.endArray()
        print(String(decoding: json.bytes, as: UTF8.self))
    }
}

/// Text in columns, as Go's tabwriter sets runc's tables: 12 wide at least, three blanks between.
enum Columns {
    static func text(_ rows: [[String]]) -> String {
        let count = rows.map(\.count).max() ?? 0
        let widths = (0..<count).map { column in
            max(12, (rows.map { $0[column].utf8.count }.max() ?? 0) + 3)
        }
        return rows.map { row in
            let cells = row.enumerated().map { column, cell in
                column == count - 1
                    ? cell
                    : cell + String(repeating: " ", count: widths[column] - cell.utf8.count)
            }
            return cells.joined() + "\n"
        }.joined()
    }
}
