/// Rows in columns, with Docker's spacing: three blanks between columns.
///
/// By default it does what Go's `tabwriter.NewWriter(out, 10, 1, 3, ' ', 0)` does: the last column is not
/// padded, and a column is as wide as its widest cell in neighbouring rows.
enum Table {
    static func text(_ rows: [[String]], minimumWidth: Int = 10) -> String {
        let columns = rows.map(\.count).max() ?? 0
        var widths = [Int](repeating: 0, count: columns)
        for row in rows {
            for (column, cell) in row.dropLast().enumerated() {
                widths[column] = max(widths[column], cell.count + 3, minimumWidth)
            }
        }
        var text = ""
        for row in rows {
            for (column, cell) in row.enumerated() {
                text += cell
                guard column < row.count - 1 else { continue }
                text += String(repeating: " ", count: widths[column] - cell.count)
            }
            text += "\n"
        }
        return text
    }

    /// A text of at most `length` characters, the last being `…` where something was cut.
    static func ellipsis(_ text: String, _ length: Int) -> String {
        guard text.count > length else { return text }
        return length <= 1 ? String(text.prefix(length)) : text.prefix(length - 1) + "…"
    }

    /// The first twelve characters of an ID, without `sha256:`.
    static func shortID(_ id: String) -> String {
        let digits = id.split(separator: ":", maxSplits: 1).last ?? ""
        return String(digits.prefix(12))
    }
}
