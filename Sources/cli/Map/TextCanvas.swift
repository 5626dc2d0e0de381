/// A sheet of cells for lines and texts, as a terminal shows it.
struct TextCanvas {
    private var cells: [[Cell]]
    private let width: Int
    let isASCII: Bool

    /// What is in a cell.
    private enum Cell {
        case blank
        /// Lines that meet here, by the sides that they leave to.
        case line(Sides)
        case character(Character)
        /// The right half of a wide character.
        case covered
    }

    /// The sides of a cell.
    private struct Sides: OptionSet, Hashable {
        let rawValue: UInt8
        static let up = Sides(rawValue: 1)
        static let right = Sides(rawValue: 2)
        static let down = Sides(rawValue: 4)
        static let left = Sides(rawValue: 8)
    }

    init(width: Int, height: Int, isASCII: Bool) {
        self.width = width
        self.isASCII = isASCII
        cells = Array(repeating: Array(repeating: .blank, count: width), count: height)
    }

    /// Writes a text over whatever is there, as far as the sheet goes.
    mutating func write(_ text: String, x: Int, y: Int) {
        guard cells.indices.contains(y) else { return }
        var column = x
        for character in text {
            let size = DisplayWidth.of(character)
            guard size > 0, column >= 0, column + size <= width else { continue }
            cells[y][column] = .character(character)
            if size == 2 { cells[y][column + 1] = .covered }
            column += size
        }
    }

    /// Draws a line between two cells in one row or column; where lines meet they join.
    mutating func line(from first: MapLayout.Point, to second: MapLayout.Point) {
        if first.x == second.x {
            for y in min(first.y, second.y)..<max(first.y, second.y) {
                join(first.x, y, .down)
                join(first.x, y + 1, .up)
            }
        } else {
            for x in min(first.x, second.x)..<max(first.x, second.x) {
                join(x, first.y, .right)
                join(x + 1, first.y, .left)
            }
        }
    }

    private mutating func join(_ x: Int, _ y: Int, _ side: Sides) {
        guard cells.indices.contains(y), (0..<width).contains(x) else { return }
        guard case .line(let sides) = cells[y][x] else {
            if case .blank = cells[y][x] { cells[y][x] = .line(side) }
            return
        }
        cells[y][x] = .line(sides.union(side))
    }

    /// The lines, without blanks at their ends.
    var text: String {
        var text = ""
        for row in cells {
            var line = ""
            for cell in row {
                switch cell {
                case .blank: line.append(" ")
                case .line(let sides): line.append(sign(sides))
                case .character(let character): line.append(character)
                case .covered: break
                }
            }
            while line.last == " " { line.removeLast() }
            text += line + "\n"
        }
        return text
    }

    private func sign(_ sides: Sides) -> Character {
        guard !isASCII else {
            switch sides {
            case .up, .down, [.up, .down]: return "|"
            case .left, .right, [.left, .right]: return "-"
            default: return "+"
            }
        }
        return Self.signs[sides] ?? "┼"
    }

    private static let signs: [Sides: Character] = [
        .up: "│", .down: "│", [.up, .down]: "│", .left: "─", .right: "─", [.left, .right]: "─",
        [.down, .right]: "╭", [.down, .left]: "╮", [.up, .right]: "╰", [.up, .left]: "╯",
        [.up, .down, .right]: "├", [.up, .down, .left]: "┤", [.down, .left, .right]: "┬",
        [.up, .left, .right]: "┴",
    ]
}
