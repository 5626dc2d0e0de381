import Foundation

/// A real browser without a window, which sees nothing but the files that it is given.
///
/// Each call has a home, a profile and a network namespace of its own.
struct Browser {
    /// The reader's choice of colours.
    enum Scheme: String, CaseIterable {
        case light, dark

        /// Chromium's number for it.
        fileprivate var setting: Int { self == .dark ? 0 : 1 }
    }

    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// Takes a picture of a file.
    ///
    /// - Returns: the picture's file.
    func screenshot(
        of file: String, width: Int, height: Int, _ scheme: Scheme
    ) throws -> String {
        let picture = folder.at("\(UUID().uuidString).png")
        try run(file, width, height, scheme, "--screenshot=\(picture)")
        return picture
    }

    /// Looks at the pixels of pictures.
    func look(at pictures: [String]) throws -> [Screenshot] {
        let images = try pictures.map { file in
            let text = try Data(contentsOf: URL(fileURLWithPath: file)).base64EncodedString()
            return "<img src=\"data:image/png;base64,\(text)\"/>"
        }
        let page = "<!DOCTYPE html><title></title><body>\(images.joined())</body>"
        let value = try measure(page, width: 800, Screenshot.script)
        guard let seen = value as? [[String: Any]], seen.count == pictures.count else {
            throw Tool.Failure(description: "the browser saw \(value)")
        }
        return try seen.map(Screenshot.init)
    }

    /// Lets a script measure a page, and returns the JSON that it leaves.
    ///
    /// - Parameters:
    ///   - page: the HTML of the page.
    ///   - width: the window's, in pixels.
    ///   - script: an expression in JavaScript whose value can be JSON.
    /// - Returns: the value.
    /// - Throws: when the browser ends otherwise than it should.
    func measure(_ page: String, width: Int, _ script: String) throws -> Any {
        let name = "\(UUID().uuidString).html"
        let mark = "measured:"
        let end = """
            <script>addEventListener("load", () => {
              document.title = "\(mark)" + encodeURIComponent(JSON.stringify(\(script)));
            });</script></body>
            """
        try folder.write(page.replacingOccurrences(of: "</body>", with: end), to: name)
        let dom = try run(folder.at(name), width, 800, .light, "--dump-dom")
        guard let start = dom.range(of: "<title>" + mark),
            let stop = dom.range(of: "</title>", range: start.upperBound..<dom.endIndex),
            let text = String(dom[start.upperBound..<stop.lowerBound]).removingPercentEncoding
        else { throw Tool.Failure(description: "the browser measured nothing: \(dom.prefix(400))") }
        return try JSONSerialization.jsonObject(with: Data(text.utf8), options: [.fragmentsAllowed])
    }

    @discardableResult
    private func run(
        _ file: String, _ width: Int, _ height: Int, _ scheme: Scheme, _ action: String
    ) throws -> String {
        let home = try TemporaryFolder()
        let outcome = try Tool.start(
            [
                "unshare", "--net", "timeout", "300", "chromium-headless-shell", "--no-sandbox",
                "--disable-gpu", "--hide-scrollbars", "--user-data-dir=\(home.at("profile"))",
                "--window-size=\(width),\(height)",
                "--blink-settings=preferredColorScheme=\(scheme.setting)", action,
                "file://\(file)",
            ], environment: ["HOME": home.path]
        ).wait()
        guard outcome.exitCode == 0 else {
            throw Tool.Failure(
                description: "chromium-headless-shell ended with \(outcome.exitCode): "
                    + outcome.errors)
        }
        return outcome.output
    }
}

/// The pixels of a picture, as far as tests ask.
struct Screenshot {
    let width: Int
    let height: Int
    /// The colour of the upper left corner: red, green and blue, 0 to 255.
    let corner: [Int]
    /// The share of pixels that have another colour than the corner.
    let inkShare: Double
    /// How many colours there are.
    let colourCount: Int

    /// How light the corner is, 0 to 1.
    var lightness: Double { Double(corner.reduce(0, +)) / Double(3 * 255) }

    fileprivate init(_ json: [String: Any]) throws {
        guard let width = json["width"] as? Int, let height = json["height"] as? Int,
            let corner = json["corner"] as? [Int], let ink = json["ink"] as? NSNumber,
            let colours = json["colours"] as? Int
        else { throw Tool.Failure(description: "the browser saw \(json)") }
        (self.width, self.height, self.corner) = (width, height, corner)
        (inkShare, colourCount) = (ink.doubleValue, colours)
    }

    /// What is in all pictures of a page.
    fileprivate static let script = """
        [...document.images].map(image => {
          const [width, height] = [image.naturalWidth, image.naturalHeight];
          const canvas = document.createElement("canvas");
          [canvas.width, canvas.height] = [width, height];
          const context = canvas.getContext("2d");
          context.drawImage(image, 0, 0);
          const bytes = context.getImageData(0, 0, width, height).data;
          const pixels = new Uint32Array(bytes.buffer);
          const ink = pixels.reduce((count, pixel) => count + (pixel !== pixels[0]), 0);
          return { width, height, corner: [...bytes.slice(0, 3)], ink: ink / pixels.length,
            colours: new Set(pixels).size };
        })
        """
}
