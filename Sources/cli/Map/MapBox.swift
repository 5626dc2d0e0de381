import Engine

/// A node of a picture as lines of text that fit into a box, all widths in columns.
struct MapBox {
    let node: Picture.Node
    let title: [String]
    let facts: Pane
    /// What other systems have in its place, beside the facts or below them.
    let counterparts: Pane
    /// Further lines at the end, for a drawing that has no lines between boxes.
    let notes: [String]

    /// Names and values side by side.
    struct Pane {
        var rows: [Row] = []
        var nameWidth = 0
        var valueWidth = 0

        var isEmpty: Bool { rows.isEmpty }
        /// Names, two blanks, values.
        var width: Int { isEmpty ? 0 : nameWidth + 2 + valueWidth }
        var height: Int { rows.reduce(0) { $0 + $1.height } }

        /// A name and its value, each perhaps on several lines.
        struct Row {
            var name: [String]
            var value: [String]

            var height: Int { max(name.count, value.count) }
        }
    }

    /// How wide the parts of a box may be.
    struct Limits {
        var title: Int
        var name: Int
        var value: Int
        var counterpart: Int
        /// Whether IDs and digests are shown whole.
        var isWhole: Bool
        /// Whether signs beyond ASCII are written in it.
        var isASCII: Bool

        /// A text as it is shown.
        func shown(_ text: String) -> String {
            let visible = VisibleText.of(isWhole ? text : StepTable.shorteningIDs(in: text))
            return isASCII ? VisibleText.ascii(visible) : visible
        }
    }

    init(_ node: Picture.Node, _ limits: Limits, notes: [String] = []) {
        self.node = node
        title = LineBreaking.lines(
            of: limits.shown(node.title), width: limits.title)
        facts = Self.pane(
            node.facts.map { ($0.name, Self.text(of: $0.value)) }, limits, limits.value)
        counterparts = Self.pane(
            node.counterparts.map { ($0.system, $0.name) }, limits, limits.counterpart)
        self.notes = notes.flatMap {
            LineBreaking.lines(of: limits.shown($0), width: limits.title)
        }
    }

    var titleWidth: Int { title.map(DisplayWidth.of).max() ?? 0 }
    var notesWidth: Int { notes.map(DisplayWidth.of).max() ?? 0 }

    /// A value as people read it.
    static func text(of value: Picture.Value) -> String {
        switch value {
        case .text(let text): text
        case .bytes(let bytes): HumanUnits.size(bytes, digits: 4)
        }
    }

    private static func pane(
        _ pairs: [(name: String, value: String)], _ limits: Limits, _ width: Int
    ) -> Pane {
        var pane = Pane()
        for pair in pairs {
            let name = LineBreaking.lines(of: limits.shown(pair.name), width: limits.name)
            let value = LineBreaking.lines(of: limits.shown(pair.value), width: width)
            pane.rows.append(Pane.Row(name: name, value: value))
            pane.nameWidth = max(pane.nameWidth, name.map(DisplayWidth.of).max() ?? 0)
            pane.valueWidth = max(pane.valueWidth, value.map(DisplayWidth.of).max() ?? 0)
        }
        return pane
    }
}
