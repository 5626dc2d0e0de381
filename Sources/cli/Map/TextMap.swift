import Engine

/// A picture as text: boxes with lines between them where the terminal is wide enough, else boxes
/// below each other that say where they lead.
struct TextMap {
    let picture: Picture
    /// The terminal's columns.
    let columns: Int
    /// Whether the terminal knows no more than ASCII.
    let isASCII: Bool
    /// Whether IDs and digests are shown whole.
    let isWhole: Bool

    /// Less than this holds no box.
    static let leastColumns = 24

    var text: String {
        let head = [picture.title, picture.summary, picture.time.rfc3339InSeconds].flatMap {
            LineBreaking.lines(of: limits(value: 0).shown($0), width: columns)
        }
        return head.joined(separator: "\n") + "\n\n" + (drawing ?? stack)
    }

    /// What the signs mean, below all else.
    private func legend(isDrawn: Bool, isBeside: Bool) -> String {
        let text = MapLegend(picture).text(
            isDrawn: isDrawn, isBeside: isBeside, isASCII: isASCII)
        return "\n" + LineBreaking.lines(of: text, width: columns).joined(separator: "\n") + "\n"
    }

    /// The widths of a drawing's boxes.
    private func limits(value: Int) -> MapBox.Limits {
        MapBox.Limits(
            title: value + 10, name: 22, value: value, counterpart: 28, isWhole: isWhole,
            isASCII: isASCII)
    }

    // MARK: Side by side

    /// The drawing, with values as wide as there is room for; nil where the terminal is narrower.
    private var drawing: String? {
        for value in [44, 34, 24] {
            let plan = MapPlan(picture, limits(value: value), TextMeasure())
            if plan.layout.width <= columns { return drawing(plan) }
        }
        return nil
    }

    private func drawing(_ plan: MapPlan) -> String {
        var canvas = TextCanvas(
            width: plan.layout.width, height: plan.layout.height, isASCII: isASCII)
        for route in plan.layout.routes { draw(route, plan, on: &canvas) }
        for (box, place) in zip(plan.boxes, plan.layout.boxes) {
            TextBox(box, isBeside: true, isASCII: isASCII).draw(in: place, on: &canvas)
        }
        for route in plan.layout.routes {
            guard let start = route.points.first, let end = route.points.last else { continue }
            // A sign in the border where the line leaves, and an arrow where it ends.
            let isDown = start.y < end.y
            canvas.write(
                isASCII ? "+" : "┬", x: isDown ? start.x : end.x, y: min(start.y, end.y) - 1)
            let arrow = isDown ? (isASCII ? "v" : "▼") : (isASCII ? "^" : "▲")
            canvas.write(arrow, x: end.x, y: isDown ? end.y - 1 : end.y)
        }
        for (title, band) in zip(plan.groups, plan.layout.bands) {
            canvas.write(title, x: 0, y: band.lowerBound)
        }
        return canvas.text + legend(isDrawn: true, isBeside: true)
    }

    private func draw(_ route: MapLayout.Route, _ plan: MapPlan, on canvas: inout TextCanvas) {
        // The last row belongs to the box.
        var points = route.points
        let lowest = points.map(\.y).max() ?? 0
        for index in points.indices where points[index].y == lowest { points[index].y -= 1 }
        for (start, end) in zip(points, points.dropFirst()) { canvas.line(from: start, to: end) }
        guard let label = route.label else { return }
        let text = plan.edges[route.edge].label
        let x = label.isLeft ? label.x - DisplayWidth.of(text) + 1 : label.x
        canvas.write(text, x: x, y: label.y)
    }

    // MARK: Below each other

    /// The boxes below each other; each says where its lines lead.
    private var stack: String {
        let width = min(columns, Self.widestStack)
        let inner = width - 4
        let name = min(22, inner / 3)
        // Other systems' names stand beside the facts where both have room.
        let isBeside = width >= 100
        let counterpart = isBeside ? 28 : inner - name - 2
        let plain = MapBox.Limits(
            title: inner, name: name, value: inner - name - 2, counterpart: counterpart,
            isWhole: isWhole, isASCII: isASCII)
        var limits = plain
        if isBeside { limits.value -= counterpart + 15 }
        var titles: [String: String] = [:]
        for node in picture.nodes { titles[node.id] = node.title }
        var text = ""
        for group in picture.groups {
            text += heading(group.title, width) + "\n"
            for node in group.nodes {
                let leads = picture.edges.filter { $0.from == node.id }.map { edge in
                    "→ " + (edge.label.isEmpty ? "" : "\(edge.label): ") + (titles[edge.to] ?? "")
                }
                let box = TextBox(
                    MapBox(node, node.counterparts.isEmpty ? plain : limits, notes: leads),
                    isBeside: isBeside, isASCII: isASCII)
                var canvas = TextCanvas(width: width, height: box.height, isASCII: isASCII)
                box.draw(
                    in: .init(x: 0, y: 0, width: width, height: box.height), on: &canvas)
                text += canvas.text
            }
            text += "\n"
        }
        return String(text.dropLast()) + legend(isDrawn: false, isBeside: isBeside)
    }

    /// Longer lines are hard to follow from a name to its value.
    private static let widestStack = 104

    private func heading(_ title: String, _ width: Int) -> String {
        let dash = isASCII ? "=" : "━"
        let shown = LineBreaking.lines(of: limits(value: 0).shown(title), width: width - 4)[0]
        let rest = max(0, width - DisplayWidth.of(shown) - 4)
        return "\(dash)\(dash) \(shown) " + String(repeating: dash, count: rest)
    }
}

/// Sizes in a terminal: one column, one row.
struct TextMeasure: MapPlan.Measure {
    let spacing = MapLayout.Spacing(
        boxes: 3, lane: 1, track: 1, labelHeight: 1, labelGap: 2, channelTop: 1, channelBottom: 1,
        margin: 0)

    func size(of box: MapBox) -> MapLayout.Size {
        let text = TextBox(box, isBeside: true, isASCII: false)
        return MapLayout.Size(width: text.width, height: text.height)
    }

    func labelWidth(_ text: String) -> Int { DisplayWidth.of(text) }

    func marginWidth(_ titles: [String]) -> Int {
        (titles.map(DisplayWidth.of).max() ?? 0) + 2
    }
}

/// A box of a terminal.
struct TextBox {
    private let box: MapBox
    /// Whether other systems' names stand beside the facts, or below them.
    private let isBeside: Bool
    private let isASCII: Bool

    init(_ box: MapBox, isBeside: Bool, isASCII: Bool) {
        self.box = box
        self.isBeside = isBeside
        self.isASCII = isASCII
    }

    private var hasColumn: Bool { isBeside && !box.counterparts.isEmpty }

    /// The left part's text; its border and blanks are not counted.
    private var leftWidth: Int {
        max(
            box.facts.width, box.notesWidth, box.titleWidth + 2,
            isBeside ? 0 : box.counterparts.width)
    }

    /// The smallest width.
    var width: Int { leftWidth + 4 + (hasColumn ? box.counterparts.width + 3 : 0) }

    var height: Int {
        let title = box.title.count - 1  // the first line is in the border
        let inner =
            isBeside
            ? max(box.facts.height, box.counterparts.height)
            : box.facts.height + (box.counterparts.isEmpty ? 0 : box.counterparts.height + 1)
        return title + inner + box.notes.count + 2
    }

    func draw(in place: MapLayout.Rectangle, on canvas: inout TextCanvas) {
        let signs = Signs(isASCII: isASCII, isThere: box.node.isThere)
        let inner = place.width - 2
        let split = hasColumn ? place.width - box.counterparts.width - 4 : nil
        func border(_ left: String, _ middle: String, _ right: String) -> String {
            guard let split else {
                return left + String(repeating: signs.across, count: inner) + right
            }
            return left + String(repeating: signs.across, count: split - 1) + middle
                + String(repeating: signs.across, count: place.width - split - 2) + right
        }
        canvas.write(border(signs.topLeft, signs.top, signs.topRight), x: place.x, y: place.y)
        canvas.write(" \(box.title.first ?? "") ", x: place.x + 2, y: place.y)
        for row in 1..<(place.height - 1) {
            for x in [0, split, place.width - 1].compactMap({ $0 }) {
                canvas.write(signs.down, x: place.x + x, y: place.y + row)
            }
        }
        canvas.write(
            border(signs.bottomLeft, signs.bottom, signs.bottomRight), x: place.x,
            y: place.y + place.height - 1)
        var y = place.y + 1
        for line in box.title.dropFirst() {
            canvas.write(line, x: place.x + 2, y: y)
            y += 1
        }
        let top = y
        y = write(box.facts, x: place.x + 2, y: y, on: &canvas)
        if let split {
            write(box.counterparts, x: place.x + split + 2, y: top, on: &canvas)
            y = place.y + place.height - 1 - box.notes.count
        } else if !box.counterparts.isEmpty {
            canvas.write(
                String(repeating: signs.across, count: inner - 2), x: place.x + 2, y: y)
            y = write(box.counterparts, x: place.x + 2, y: y + 1, on: &canvas)
        }
        for note in box.notes {
            canvas.write(note, x: place.x + 2, y: y)
            y += 1
        }
    }

    /// - Returns: the row below.
    @discardableResult
    private func write(
        _ pane: MapBox.Pane, x: Int, y: Int, on canvas: inout TextCanvas
    ) -> Int {
        var y = y
        for row in pane.rows {
            for (index, line) in row.name.enumerated() { canvas.write(line, x: x, y: y + index) }
            for (index, line) in row.value.enumerated() {
                canvas.write(line, x: x + pane.nameWidth + 2, y: y + index)
            }
            y += row.height
        }
        return y
    }

    /// What borders are made of; what is not there has broken ones.
    private struct Signs {
        let isASCII: Bool
        let isThere: Bool

        var across: String { isASCII ? (isThere ? "-" : ".") : (isThere ? "─" : "╌") }
        var down: String { isASCII ? (isThere ? "|" : ":") : (isThere ? "│" : "╎") }
        var topLeft: String { isASCII ? "+" : "┌" }
        var topRight: String { isASCII ? "+" : "┐" }
        var bottomLeft: String { isASCII ? "+" : "└" }
        var bottomRight: String { isASCII ? "+" : "┘" }
        var top: String { isASCII ? "+" : "┬" }
        var bottom: String { isASCII ? "+" : "┴" }
    }
}
