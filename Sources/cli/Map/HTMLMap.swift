import Engine

/// A picture as one page that needs nothing else: the drawing where there is room for it, and cards
/// below each other where there is not.
struct HTMLMap {
    private let picture: Picture
    private let drawing: SVGMap

    init(_ picture: Picture, isWhole: Bool) {
        self.picture = picture
        drawing = SVGMap(picture, isWhole: isWhole)
    }

    var text: String {
        """
        <!DOCTYPE html>
        <html lang="en" xmlns="http://www.w3.org/1999/xhtml">
        <head>
        <meta charset="utf-8"/>
        <meta name="viewport" content="width=device-width, initial-scale=1"/>
        <meta name="color-scheme" content="light dark"/>
        <title>\(XMLText.escaped(picture.title))</title>
        <style>
        \(MapStyle.colours)\(SVGMap.style)\(style)</style>
        </head>
        <body>
        <header>
        <h1>\(XMLText.escaped(picture.title))</h1>
        <p>\(XMLText.escaped(picture.summary))</p>
        </header>
        <main>
        <div class="drawing">
        \(drawing.inline)</div>
        <div class="cards">
        \(picture.groups.map(section).joined())\(legend)</div>
        </main>
        <footer>kade map, \(XMLText.escaped(picture.time.rfc3339InSeconds))</footer>
        </body>
        </html>

        """
    }

    /// The drawing is shown down to three quarters of its size; smaller letters nobody reads.
    private var style: String {
        let least = drawing.width * 3 / 4
        return """
            body { background: var(--paper); color: var(--ink); margin: 0;
              font: 15px/1.5 \(MapStyle.sans); }
            header, footer { box-sizing: border-box; max-width: \(drawing.width)px; padding: 0 28px;
              overflow-wrap: anywhere; }
            header { margin: 2.2rem auto 0.6rem; } footer { margin: 0.6rem auto 2.2rem; }
            h1 { font-size: 1.6rem; font-weight: 600; line-height: 1.25; margin: 0 0 0.4rem; }
            p { margin: 0; color: var(--soft); } footer { color: var(--soft); font-size: 12px; }
            .drawing svg { display: block; margin: 0 auto; max-width: 100%; height: auto; }
            .cards { display: none; max-width: 44rem; margin: 0 auto; padding: 0 16px; }
            .cards h2 { font-size: 12px; font-weight: 500; letter-spacing: 0.09em;
              text-transform: uppercase; color: var(--soft); margin: 1.8rem 0 0.6rem; }
            article { background: var(--card); border: 1px solid var(--rule);
              border-left: 4px solid var(--soft); border-radius: 7px; padding: 12px 14px;
              margin: 0 0 12px; overflow-wrap: anywhere; }
            article.absent { border-style: dashed; background: none; color: var(--soft); }
            h3 { font-size: 16px; font-weight: 600; margin: 0 0 4px; }
            dl { margin: 0; display: grid; grid-template-columns: minmax(5.5rem, 28%) 1fr;
              gap: 2px 12px; }
            dt { color: var(--soft); font-size: 13px; }
            dd { margin: 0; font: 13px/1.55 \(MapStyle.mono); min-width: 0; }
            dl.others { border-top: 1px solid var(--rule); margin-top: 8px; padding-top: 8px; }
            dl.others dd { font-family: inherit; font-style: italic; }
            ul { list-style: none; margin: 8px 0 0; padding: 0; font-size: 13px;
              color: var(--soft); }
            a { color: var(--program); text-underline-offset: 2px; }
            .legend { display: flex; flex-wrap: wrap; gap: 4px 18px; margin: 1.8rem 0 0; }
            .legend li { border-left: 4px solid var(--soft); padding-left: 8px; }
            .legend li.absent { border: 1px dashed var(--line); padding: 0 8px; }
            .legend li.others { border: 0; padding: 0; font-style: italic; }
            @media (max-width: \(least)px) { .drawing { display: none; }
              .cards { display: block; }
              header, footer { max-width: calc(44rem + 32px); padding: 0 16px; } }

            """
                + MapStyle.kinds(
                    "border-left-color", { "article.\($0), .legend .\($0)" },
                    Picture.Kind.allCases.map(\.rawValue))
    }

    /// What the colours and borders of cards mean; the drawing has a legend of its own.
    private var legend: String {
        let legend = MapLegend(picture)
        var text = "<ul class=\"legend\">\n"
        func add(_ style: String, _ words: String) {
            text += "<li class=\"\(style)\">\(XMLText.escaped(words))</li>\n"
        }
        for kind in legend.kinds { add(kind.rawValue, MapLegend.words(kind)) }
        if legend.hasAbsent { add("absent", MapLegend.absent) }
        if legend.hasCounterparts { add("others", "in italics: " + MapLegend.counterparts) }
        return text + "</ul>\n"
    }

    private func section(_ group: Picture.Group) -> String {
        "<section>\n<h2>\(XMLText.escaped(group.title))</h2>\n"
            + group.nodes.map(card).joined() + "</section>\n"
    }

    private func card(_ node: Picture.Node) -> String {
        var text = """
            <article class="\(node.kind.rawValue)\(node.isThere ? "" : " absent")" \
            id="\(XMLText.escaped(node.id))">
            <h3>\(XMLText.escaped(node.title))</h3>

            """
        if !node.facts.isEmpty {
            text += "<dl>\n"
            for fact in node.facts {
                text += pair(fact.name, MapBox.text(of: fact.value))
            }
            text += "</dl>\n"
        }
        if !node.counterparts.isEmpty {
            text += "<dl class=\"others\">\n"
            for other in node.counterparts { text += pair(other.system, other.name) }
            text += "</dl>\n"
        }
        let leads = picture.edges.filter { $0.from == node.id }
        guard !leads.isEmpty else { return text + "</article>\n" }
        text += "<ul>\n"
        for edge in leads {
            let title = picture.nodes.first { $0.id == edge.to }?.title ?? edge.to
            let label = edge.label.isEmpty ? "" : "\(XMLText.escaped(edge.label)): "
            text += "<li>→ \(label)<a href=\"#\(XMLText.escaped(edge.to))\">"
            text += "\(XMLText.escaped(title))</a></li>\n"
        }
        return text + "</ul>\n</article>\n"
    }

    private func pair(_ name: String, _ value: String) -> String {
        // Words like memory.limit_in_bytes may be broken where one would.
        let breakable = XMLText.escaped(name).split(
            separator: "_", omittingEmptySubsequences: false
        ).joined(separator: "_<wbr/>")
        return "<dt>\(breakable)</dt><dd>\(XMLText.escaped(value))</dd>\n"
    }
}
