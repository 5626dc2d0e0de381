import Engine

/// A picture as SVG: text that can be selected, colours of the reader's choice of light or dark.
struct SVGMap {
    private let picture: Picture
    private let plan: MapPlan
    private let legend: SVGLegend

    init(_ picture: Picture, isWhole: Bool) {
        self.picture = picture
        plan = MapPlan(
            picture,
            MapBox.Limits(
                title: 40, name: 28, value: 44, counterpart: 30, isWhole: isWhole, isASCII: false),
            SVGMeasure())
        legend = SVGLegend(MapLegend(picture), below: plan.layout.height, width: plan.layout.width)
    }

    /// The width, in pixels.
    var width: Int { plan.layout.width }

    /// A file of its own.
    var file: String {
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
            + element(style: MapStyle.colours, isFile: true)
    }

    /// The drawing within a page.
    var inline: String { element(style: "", isFile: false) }

    /// What styles the drawing, beside the colours.
    static var style: String {
        MapStyle.drawing
            + MapStyle.kinds("fill", { ".map .\($0) .side" }, Picture.Kind.allCases.map(\.rawValue))
    }

    private func element(style: String, isFile: Bool) -> String {
        let (width, height) = (plan.layout.width, legend.bottom)
        var text = """
            <svg xmlns="http://www.w3.org/2000/svg" class="map" viewBox="0 0 \(width) \(height)" \
            width="\(width)" height="\(height)" role="graphics-document" \
            aria-labelledby="map-title map-description">
            <title id="map-title">\(XMLText.escaped(picture.title))</title>
            <desc id="map-description">\(XMLText.escaped(description))</desc>

            """
        if isFile { text += "<style>\n\(style)\(Self.style)</style>\n" }
        text += "<rect width=\"\(width)\" height=\"\(height)\" style=\"fill: var(--paper)\"/>\n"
        for (index, title) in plan.groups.enumerated() { text += band(index, title) }
        for route in plan.layout.routes { text += edge(route) }
        for (box, place) in zip(plan.boxes, plan.layout.boxes) {
            text += SVGBox(box, place).element
        }
        for route in plan.layout.routes { text += label(route) }
        return text + legend.element + "</svg>\n"
    }

    /// The picture in sentences, for who does not see it.
    private var description: String {
        var titles: [String: String] = [:]
        for node in picture.nodes { titles[node.id] = node.title }
        let edges = picture.edges.map { edge in
            let label = edge.label.isEmpty ? "leads to" : edge.label
            return "\(titles[edge.from] ?? ""): \(label): \(titles[edge.to] ?? "")."
        }
        return ([picture.summary] + edges + ["As of \(picture.time.rfc3339InSeconds)."])
            .joined(separator: " ")
    }

    /// A rule above the group, and its title in the margin.
    private func band(_ index: Int, _ title: String) -> String {
        let band = plan.layout.bands[index]
        var text = ""
        if index > 0 {
            let y = plan.layout.bands[index - 1].upperBound + 9
            let end = plan.layout.width - SVGMeasure.margin
            text += "<path class=\"band\" d=\"M\(SVGMeasure.margin) \(y)H\(end)\"/>\n"
        }
        return text
            + "<text class=\"group\" x=\"\(SVGMeasure.margin)\" y=\"\(band.lowerBound + 20)\">"
            + "\(XMLText.escaped(title.uppercased()))</text>\n"
    }

    /// The line with round corners, and the arrow at its end.
    private func edge(_ route: MapLayout.Route) -> String {
        guard let first = route.points.first, let last = route.points.last,
            route.points.count > 1
        else { return "" }
        let isDown = route.points[route.points.count - 2].y < last.y
        var path = "M\(first.x) \(first.y)"
        for index in route.points.indices.dropFirst().dropLast() {
            let corner = route.points[index]
            let before = Self.near(corner, towards: route.points[index - 1])
            let after = Self.near(corner, towards: route.points[index + 1])
            path += "L\(before.x) \(before.y)Q\(corner.x) \(corner.y) \(after.x) \(after.y)"
        }
        let tip = isDown ? -6 : 6
        path += "L\(last.x) \(last.y + tip)"
        let (x, y) = (last.x, last.y)
        return "<path class=\"edge\" d=\"\(path)\"/>\n"
            + "<path class=\"arrow\" d=\"M\(x) \(y)L\(x - 4) \(y + tip - tip / 6)"
            + "L\(x + 4) \(y + tip - tip / 6)Z\"/>\n"
    }

    /// A point a few pixels from a corner, and not past the middle of the way.
    private static func near(
        _ corner: MapLayout.Point, towards other: MapLayout.Point
    ) -> MapLayout.Point {
        let (x, y) = (other.x - corner.x, other.y - corner.y)
        let radius = min(7, max(abs(x), abs(y)) / 2)
        return MapLayout.Point(
            x: corner.x + x.signum() * radius, y: corner.y + y.signum() * radius)
    }

    private func label(_ route: MapLayout.Route) -> String {
        guard let label = route.label else { return "" }
        let anchor = label.isLeft ? " text-anchor=\"end\"" : ""
        return "<text class=\"label\" x=\"\(label.x)\" y=\"\(label.y + 12)\"\(anchor)>"
            + "\(XMLText.escaped(plan.edges[route.edge].label))</text>\n"
    }
}

/// Sizes in pixels.
///
/// Letters are wider on some machines than on others: what is counted here is more
/// than DejaVu's, the widest in use, needs.
struct SVGMeasure: MapPlan.Measure {
    static let margin = 28
    static let line = 18
    static let padding = 14
    static let titleLine = 21
    /// Of one column: fixed letters of 12 pixels, others of 11, titles of 15, italics of 12.
    static let value = 7.4
    static let name = 7.2
    static let title = 10.2
    static let other = 7.6

    let spacing = MapLayout.Spacing(
        boxes: 36, lane: 10, track: 14, labelHeight: 18, labelGap: 8, channelTop: 18,
        channelBottom: 16, margin: SVGMeasure.margin)

    func size(of box: MapBox) -> MapLayout.Size {
        let columns = SVGColumns(box)
        let inner = max(
            Self.pixels(box.titleWidth, Self.title),
            columns.factWidth + (box.counterparts.isEmpty ? 0 : 28 + columns.otherWidth))
        let height = max(box.facts.height, box.counterparts.height) * Self.line
        return MapLayout.Size(
            width: inner + 2 * Self.padding + 6,
            height: box.title.count * Self.titleLine + 8 + height + Self.padding + 4)
    }

    func labelWidth(_ text: String) -> Int { Self.pixels(DisplayWidth.of(text), Self.name) }

    func marginWidth(_ titles: [String]) -> Int {
        Self.margin + Self.pixels(titles.map(DisplayWidth.of).max() ?? 0, 10) + 24
    }

    static func pixels(_ columns: Int, _ each: Double) -> Int {
        Int((Double(columns) * each).rounded(.up))
    }
}

/// The widths of the columns of a box.
struct SVGColumns {
    let nameWidth: Int
    let factWidth: Int
    let systemWidth: Int
    let otherWidth: Int

    init(_ box: MapBox) {
        nameWidth = SVGMeasure.pixels(box.facts.nameWidth, SVGMeasure.name) + 12
        factWidth =
            box.facts.isEmpty
            ? 0 : nameWidth + SVGMeasure.pixels(box.facts.valueWidth, SVGMeasure.value)
        systemWidth = SVGMeasure.pixels(box.counterparts.nameWidth, SVGMeasure.name) + 12
        otherWidth =
            box.counterparts.isEmpty
            ? 0 : systemWidth + SVGMeasure.pixels(box.counterparts.valueWidth, SVGMeasure.other)
    }
}

/// A box of the drawing.
struct SVGBox {
    private let box: MapBox
    private let place: MapLayout.Rectangle
    private let columns: SVGColumns

    init(_ box: MapBox, _ place: MapLayout.Rectangle) {
        self.box = box
        self.place = place
        columns = SVGColumns(box)
    }

    var element: String {
        let node = box.node
        let (x, y, width, height) = (place.x, place.y, place.width, place.height)
        let kind = "node \(node.kind.rawValue)\(node.isThere ? "" : " absent")"
        var text = """
            <g class="\(kind)" data-box="\(x) \(y) \(width) \(height)">
            <title>\(XMLText.escaped(whole))</title>
            <rect class="card" x="\(x)" y="\(y)" width="\(width)" height="\(height)" rx="7"/>
            <rect class="side" x="\(x)" y="\(y + 9)" width="4" height="\(height - 18)" rx="2"/>

            """
        let left = x + SVGMeasure.padding + 6
        var line = y + 26
        for title in box.title {
            text += Self.text("title", left, line, title)
            line += SVGMeasure.titleLine
        }
        line += 4
        text += pane(box.facts, left, left + columns.nameWidth, line, "value")
        if !box.counterparts.isEmpty {
            let start = x + width - SVGMeasure.padding - columns.otherWidth
            let top = line - 14
            text += "<path class=\"rule\" d=\"M\(start - 14) \(top)V\(y + height - 12)\"/>\n"
            text += pane(
                box.counterparts, start, start + columns.systemWidth, line, "other")
        }
        return text + "</g>\n"
    }

    /// All that is known, for who points at it: nothing shortened.
    private var whole: String {
        let node = box.node
        let facts = node.facts.map { "\($0.name): \(MapBox.text(of: $0.value))" }
        // A line each; the signs of line feeds would be shown as such.
        return ([node.title] + facts).map(VisibleText.of).joined(separator: " · ")
    }

    private func pane(
        _ pane: MapBox.Pane, _ names: Int, _ values: Int, _ top: Int, _ style: String
    ) -> String {
        var text = ""
        var y = top
        for row in pane.rows {
            for (index, line) in row.name.enumerated() {
                text += Self.text("name", names, y + index * SVGMeasure.line, line)
            }
            for (index, line) in row.value.enumerated() {
                text += Self.text(style, values, y + index * SVGMeasure.line, line)
            }
            y += row.height * SVGMeasure.line
        }
        return text
    }

    private static func text(_ style: String, _ x: Int, _ y: Int, _ text: String) -> String {
        guard !text.isEmpty else { return "" }
        return "<text class=\"\(style)\" x=\"\(x)\" y=\"\(y)\">\(XMLText.escaped(text))</text>\n"
    }
}
