/// Columns of text as Go's tabwriter aligns them, which Docker's builder uses for its answers.
enum AlignedText {
    /// Lines whose cells begin below each other; the last cell of a line is not filled up.
    static func lines(_ rows: [[String]], padding: Int) -> String {
        var widths: [Int] = []
        for row in rows {
            for (column, cell) in row.dropLast().enumerated() {
                if column == widths.count { widths.append(0) }
                widths[column] = max(widths[column], cell.count + padding)
            }
        }
        return rows.map { row in
            let filled = row.dropLast().enumerated().map { column, cell in
                cell + String(repeating: " ", count: widths[column] - cell.count)
            }
            return filled.joined() + (row.last ?? "") + "\n"
        }.joined()
    }
}
