import Foundation
import Testing

/// `kade map` as text, SVG and HTML: as a terminal, an XML parser and a browser see them.
@Suite(.enabled(if: isRoot)) struct MapDrawingTests {
    /// An instance whose maps have much in them: a container with a port, one that shares its network,
    /// a path of signs that drawings could take for their own, and an index.
    private final class Site {
        let kade: Kade
        private let namespace: NetworkNamespace

        init() throws {
            namespace = try NetworkNamespace.machine()
            kade = try Kade.withBusybox(in: namespace)
            let run = try kade.call(
                ["run", "-d", "--name", "web"] + MapTests.limits + [
                    "-p", "8080:80", "-v", "data:/a<b>&\"'漢字", "busybox", "sh", "-c",
                    "# <script>\u{1B}[31m\nsleep 600; true",
                ])
            try #require(run.exitCode == 0, "\(run)")
            try kade.check(
                "run", "-d", "--name", "guest", "--network", "container:web", "busybox", "sleep",
                "600")
            try IndexedImages().load(into: kade)
        }

        /// The arguments of the three maps.
        static let maps: [[String]] = [[], ["web"], ["--image", "index"]]

        /// A map as a file.
        func draw(_ map: [String], as name: String) throws -> String {
            let file = kade.folder.at(name)
            let outcome = try kade.call(["map", "--output", file] + map)
            try #require(outcome.exitCode == 0 && outcome.output.isEmpty, "\(outcome)")
            return file
        }
    }

    @Test func `drawings are well-formed XML, and nothing of others is markup in them`() throws {
        let site = try Site()
        let check = """
            import sys, xml.dom.minidom
            for file in sys.argv[1:]:
                document = xml.dom.minidom.parse(file)
                assert not document.getElementsByTagName('script'), file
                assert not document.getElementsByTagName('b'), file
                svg = document.getElementsByTagName('svg')[0]
                names = [node.nodeName for node in svg.childNodes if node.nodeType == 1][:2]
                assert names == ['title', 'desc'], names
            """
        var files: [String] = []
        for (number, map) in Site.maps.enumerated() {
            files.append(try site.draw(map, as: "\(number).svg"))
            files.append(try site.draw(map, as: "\(number).html"))
        }
        for (file, kinds) in zip(
            files,
            [
                ["program", "process", "files", "kernel", "absent", "others"],
                ["process", "files", "layer", "network", "kernel"],
                ["document", "layer", "absent"],
            ].flatMap { [$0, $0] })
        {
            // One sample for each sort of thing that is drawn, and for no other.
            let legend = try #require(
                String(contentsOfFile: file, encoding: .utf8)
                    .components(separatedBy: "class=\"legend\"").dropFirst().first)
            let samples = legend.prefix(upTo: try #require(legend.range(of: "\n</")).lowerBound)
                .matches(of: /<(?:g|li) class="([a-z]+)"/).map { String($0.1) }
            #expect(samples == kinds, "\(file)")
        }
        let outcome = try Tool.start(["python3", "-c", check] + files).wait()
        #expect(outcome.exitCode == 0, "\(outcome.errors)")
        let text = try String(contentsOfFile: files[2], encoding: .utf8)
        for sign in ["/a&lt;b&gt;&amp;&quot;&#39;漢字", "# &lt;script&gt;␛[31m␊sleep"] {
            let isThere = text.contains(sign)
            #expect(isThere, "\(sign)")
        }
    }

    @Test(arguments: [40, 80, 120, 250]) func `text fits the terminal`(columns: Int) throws {
        let kade = try Kade.withBusybox()
        try kade.check("run", "-d", "--name", "one", "busybox", "sleep", "600")
        for map in [[], ["one"], ["--image", "busybox"]] {
            for locale in ["C", "C.UTF-8"] {
                let outcome = try Tool.start(
                    kade.commandLine(["map"] + map),
                    environment: kade.environment.merging([
                        "COLUMNS": "\(columns)", "LC_ALL": locale,
                    ]) { $1 }
                ).wait()
                #expect(outcome.exitCode == 0, "\(outcome.errors)")
                for line in outcome.lines {
                    #expect(line.count <= columns, "\(line)")
                    if locale == "C" { #expect(line.utf8.allSatisfy { $0 < 128 }, "\(line)") }
                }
                #expect(outcome.output.contains(locale == "C" ? "+- " : "┌─ "))
                // Its last lines say what the signs mean, of those that are there.
                let legend = try #require(outcome.output.components(separatedBy: "\n\n").last)
                    .replacing("\n", with: " ")
                #expect(legend.contains("leads to"), "\(legend)")
                #expect(legend.contains("not there") == map.isEmpty, "\(legend)")
                #expect(legend.contains("what other systems have") == map.isEmpty, "\(legend)")
            }
        }
    }

    @Test func `a file is written whole or not at all`() throws {
        let kade = try Kade.withBusybox()
        let file = kade.folder.at("map.svg")
        try kade.folder.write("before", to: "map.svg")
        #expect(try kade("map", "--image", "nobody", "-o", file).exitCode == 1)
        #expect(try kade.folder.text("map.svg") == "before")
        try kade.check("map", "-o", file)
        #expect(try kade.folder.text("map.svg").hasSuffix("</svg>\n"))
        let names = try FileManager.default.contentsOfDirectory(atPath: kade.folder.path)
        #expect(names.filter { $0.contains("map.svg") } == ["map.svg"])
        let missing = try kade("map", "-o", kade.folder.at("no/where/map.html"))
        #expect(missing.exitCode == 1 && missing.errors.contains("cannot write"))
        let refused = try kade("map", "-o", kade.folder.at("map.png"))
        #expect(refused.exitCode == 125 && refused.errors.contains("neither with .svg nor"))
        #expect(try kade("map", "--image", "busybox", "one").errors.contains("conflicting"))
        #expect(try kade("map", "-o", file, "--format", "json").errors.contains("conflicting"))
    }

    // MARK: In a browser

    @Test func `a browser shows drawings in the reader's colours`() throws {
        let site = try Site()
        let browser = try Browser()
        let ecosystem = try site.draw([], as: "map.html")
        let drawing = try site.draw([], as: "map.svg")
        var views = [360, 1600].flatMap { width in
            Browser.Scheme.allCases.map { View(file: ecosystem, width: width, scheme: $0) }
        }
        views += Browser.Scheme.allCases.map { View(file: drawing, width: 1600, scheme: $0) }
        for (number, map) in Site.maps.dropFirst().enumerated() {
            let page = try site.draw(map, as: "\(number).html")
            views.append(View(file: page, width: 360, scheme: .light))
            views.append(View(file: page, width: 1600, scheme: .dark))
        }
        let pictures = try browser.look(
            at: views.map {
                try browser.screenshot(of: $0.file, width: $0.width, height: 700, $0.scheme)
            })
        for (view, picture) in zip(views, pictures) { Self.check(picture, view) }
    }

    /// A file as somebody looks at it.
    private struct View {
        let file: String
        let width: Int
        let scheme: Browser.Scheme
    }

    private static func check(_ picture: Screenshot, _ view: View) {
        #expect(picture.width == view.width && picture.height == 700)
        let isRight = view.scheme == .dark ? picture.lightness < 0.2 : picture.lightness > 0.9
        #expect(isRight, "\(view): \(picture.corner)")
        // Letters, and the edges of letters: neither blank nor one area of a colour.
        #expect(picture.inkShare > 0.02, "\(view): \(picture.inkShare)")
        #expect(picture.colourCount > 30, "\(view): \(picture.colourCount)")
    }

    @Test func `in a browser no text leaves its box, and no page is wider than its window`() throws
    {
        let site = try Site()
        let browser = try Browser()
        for (number, map) in Site.maps.enumerated() {
            let file = try site.draw(map, as: "\(number).html")
            let page = try String(contentsOfFile: file, encoding: .utf8)
            for width in map.isEmpty ? [360, 800, 4000] : [360, 4000] {
                let value = try browser.measure(page, width: width, Self.measurement)
                let seen = try #require(value as? [String: Any])
                let name = "\(map) at \(width)"
                #expect(seen["window"] as? Int == width)
                #expect(try #require(seen["page"] as? Int) <= width, "\(name) scrolls to the side")
                let isDrawn = try #require(seen["drawing"] as? Bool)
                #expect(seen["cards"] as? Bool == !isDrawn, "\(name): either or")
                // Either form has its legend.
                #expect(seen["legends"] as? Int == 1, "\(name)")
                #expect(try #require(seen["samples"] as? Int) > 2, "\(name)")
                if width == 360 { #expect(!isDrawn) }
                if width == 4000 {
                    #expect(isDrawn)
                    #expect(try #require(seen["texts"] as? Int) > 20)
                }
                #expect(seen["outside"] as? [String] == [], "\(name)")
            }
        }
    }

    /// How wide window and page are, which of the two forms is seen, and the texts that do not lie
    /// within their boxes.
    private static let measurement = """
        (() => {
          const isSeen = name => getComputedStyle(document.querySelector(name)).display !== "none";
          const outside = [];
          let texts = 0;
          if (isSeen(".drawing")) {
            for (const node of document.querySelectorAll("svg .node")) {
              const box = node.querySelector(".card").getBBox();
              for (const text of node.querySelectorAll("text")) {
                texts += 1;
                const place = text.getBBox();
                if (place.x < box.x || place.y < box.y
                    || place.x + place.width > box.x + box.width
                    || place.y + place.height > box.y + box.height) outside.push(text.textContent);
              }
              // Names end where their values begin.
              const lines = {};
              for (const text of node.querySelectorAll("text")) {
                const place = text.getBBox();
                const key = text.getAttribute("y");
                for (const other of lines[key] || []) {
                  if (place.x < other.x + other.width && other.x < place.x + place.width)
                    outside.push("on another text: " + text.textContent);
                }
                (lines[key] = lines[key] || []).push(place);
              }
            }
            const places = [];
            const width = document.querySelector("svg").viewBox.baseVal.width;
            for (const text of document.querySelectorAll("svg .legend text")) {
              const place = text.getBBox();
              if (place.x < 0 || place.x + place.width > width) outside.push(text.textContent);
              for (const other of places) {
                if (place.y === other.y && place.x < other.x + other.width
                    && other.x < place.x + place.width)
                  outside.push("on another text: " + text.textContent);
              }
              places.push(place);
            }
          } else {
            for (const card of document.querySelectorAll("article")) {
              if (card.scrollWidth > card.clientWidth) outside.push(card.textContent);
            }
          }
          const legends = [...document.querySelectorAll(".legend")]
            .filter(legend => legend.getClientRects().length > 0);
          const samples = legends.flatMap(legend => [...legend.children]).length;
          return { legends: legends.length, samples, window: innerWidth, page: document.documentElement.scrollWidth,
            drawing: isSeen(".drawing"), cards: isSeen(".cards"), texts, outside };
        })()
        """
}
