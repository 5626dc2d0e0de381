import Diagnostics
import OCI

/// What `--format` asks for, as Docker reads it.
enum Format {
    /// The command's own table.
    case table
    /// `json`: one JSON object a line.
    case json
    /// `table TEMPLATE`: the template's columns with their titles.
    case tableTemplate([TemplateNode])
    /// A Go template for each row.
    case template([TemplateNode])

    init(_ text: String?) throws(Problem) {
        guard let text, !text.isEmpty, text != "table" else {
            self = .table
            return
        }
        if text == "json" {
            self = .json
        } else if text.hasPrefix("table ") || text.hasPrefix("table\t") {
            self = .tableTemplate(
                try Self.parse(String(text.dropFirst(6).drop { $0 == " " || $0 == "\t" })))
        } else {
            self = .template(try Self.parse(text))
        }
    }

    /// Parses a template; `\t` and `\n` that a shell did not turn into characters become ones.
    static func parse(_ text: String) throws(Problem) -> [TemplateNode] {
        do {
            return try TemplateParser.parse(unescaped(text))
        } catch {
            throw .template(error)
        }
    }

    private static func unescaped(_ text: String) -> String {
        var result = ""
        var rest = Substring(text)
        var isInAction = false
        while let character = rest.popFirst() {
            if character == "{", rest.first == "{" { isInAction = true }
            if character == "}", rest.first == "}" { isInAction = false }
            guard character == "\\", !isInAction, let next = rest.first, "tn".contains(next) else {
                result.append(character)
                continue
            }
            rest.removeFirst()
            result.append(next == "t" ? "\t" : "\n")
        }
        return result
    }
}

/// The rows of a list, in whichever format was asked.
struct Listing {
    /// The columns of the command's own table, in order.
    let columns: [Column]
    /// Titles of what templates may name; every row has these members.
    let titles: JSONObject
    let rows: [JSONObject]

    /// One column: the row's member and the title above it.
    struct Column {
        let member: String
        let title: String
    }

    func text(in format: Format) throws(Problem) -> String {
        switch format {
        case .table:
            let head = columns.map(\.title)
            let body = rows.map { row in
                columns.map { TemplateFormat.plain(row[$0.member]) }
            }
            return Table.text([head] + body)
        case .json:
            return rows.map { row in
                // Label is there for `.Label "name"` only; Labels says the same.
                let members = row.members.filter { $0.name != "Label" }.sorted { $0.name < $1.name }
                return JSONValue.object(JSONObject(members)).jsonString() + "\n"
            }.joined()
        case .template(let nodes):
            var text = ""
            for row in rows { text += try fill(nodes, .object(row), isHeader: false) + "\n" }
            return text
        case .tableTemplate(let nodes):
            var lines = [try fill(nodes, .object(titles), isHeader: true)]
            for row in rows { lines.append(try fill(nodes, .object(row), isHeader: false)) }
            return Table.text(
                lines.map { line in
                    line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
                })
        }
    }

    private func fill(
        _ nodes: [TemplateNode], _ value: JSONValue, isHeader: Bool
    ) throws(Problem) -> String {
        do {
            return try TemplateEvaluator.text(of: nodes, with: value, isHeader: isHeader)
        } catch {
            throw .template(error)
        }
    }
}

extension Problem {
    /// A `--format` that cannot be read or does not fit.
    static func template(_ error: TemplateError) -> Problem {
        Problem(kind: .invalid, what: "template parsing error", why: error.text)
    }
}
