import Engine

/// The legend of a drawing: samples of its signs with their meanings, in rows below it.
struct SVGLegend {
    /// Its elements.
    private(set) var element = ""
    /// Where it ends, in pixels from the drawing's top.
    private(set) var bottom: Int
    private var x = SVGMeasure.margin
    private let width: Int

    /// Places the samples.
    ///
    /// - Parameters:
    ///   - legend: what is to be explained.
    ///   - top: where the drawing ends.
    ///   - width: the drawing's width.
    init(_ legend: MapLegend, below top: Int, width: Int) {
        self.width = width
        bottom = top + SVGMeasure.line
        for kind in legend.kinds {
            add(kind.rawValue, MapLegend.words(kind), Sample(style: "side", width: 4))
        }
        if legend.hasAbsent {
            add("absent", MapLegend.absent, Sample(style: "card", width: 24))
        }
        if legend.hasCounterparts {
            add("others", "in italics: " + MapLegend.counterparts, nil)
        }
        element = "<g class=\"legend\">\n\(element)</g>\n"
        bottom += SVGMeasure.margin
    }

    /// A piece of a box.
    private struct Sample {
        let style: String
        let width: Int
    }

    /// Between two samples.
    private static let gap = 28

    private mutating func add(_ style: String, _ words: String, _ sample: Sample?) {
        let indent = sample.map { $0.width + 8 } ?? 0
        let place = place(
            ofWidth: indent + SVGMeasure.pixels(DisplayWidth.of(words), SVGMeasure.other))
        element += "<g class=\"\(style)\">"
        if let sample {
            element += """
                <rect class="\(sample.style)" x="\(place.x)" y="\(place.y - 11)" \
                width="\(sample.width)" height="14" rx="2"/>
                """
        }
        let letters = sample == nil ? "other" : "meaning"
        element += """
            <text class="\(letters)" x="\(place.x + indent)" y="\(place.y)">\
            \(XMLText.escaped(words))</text></g>

            """
    }

    /// The next free place: in this row, or at the beginning of the next.
    private mutating func place(ofWidth length: Int) -> MapLayout.Point {
        if x > SVGMeasure.margin, x + length > width - SVGMeasure.margin {
            x = SVGMeasure.margin
            bottom += SVGMeasure.line + 4
        }
        defer { x += length + Self.gap }
        return MapLayout.Point(x: x, y: bottom)
    }
}
