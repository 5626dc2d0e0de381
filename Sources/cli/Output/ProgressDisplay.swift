import Diagnostics
import Engine
import Linux
import OCI

/// How a pull, push or load goes on: bars redrawn in place on a terminal, plain lines elsewhere.
struct ProgressDisplay {
    private let stream: OutputStream
    private let style: Style
    private var layers: [Layer] = []
    private var drawnLines = 0
    /// The first failure of writing; the transfer goes on without a display.
    private(set) var failure: Problem?

    /// What is shown.
    enum Style {
        case quiet, lines
        case bars(columns: Int)

        /// Bars where a person watches.
        static func fitting(_ stream: OutputStream, isQuiet: Bool) -> Style {
            if isQuiet { return .quiet }
            return stream.size.map { .bars(columns: max(40, $0.columns)) } ?? .lines
        }
    }

    /// One layer's line.
    private struct Layer {
        let digest: String
        var status: String
        var current: Int64
        var total: Int64
    }

    init(on stream: OutputStream, style: Style) {
        self.stream = stream
        self.style = style
    }

    /// Shows one event.
    mutating func show(_ event: TransferEvent) {
        guard failure == nil else { return }
        do throws(Problem) {
            switch event {
            case .resolved(let reference, _): try header(reference)
            case .place, .document: break  // only steps show it
            case .layer(let digest, let status, let current, let total):
                try update(
                    Layer(digest: digest, status: status, current: current, total: total))
            case .done(let reference, let manifest, _, let status):
                try footer(reference, manifest, status)
            case .pushing(let reference, _): try pushHeader(reference)
            case .pushed(let reference, let digest, let size):
                try pushFooter(reference, digest, size)
            case .note(let text):
                if case .quiet = style { return }
                try stream.writeLine(text)
            }
        } catch { failure = error }
    }

    private mutating func header(_ text: String) throws(Problem) {
        (layers, drawnLines) = ([], 0)  // of the image before, when several are pulled
        if case .quiet = style { return }
        let reference = try ImageReference(parsing: text)
        let tag = reference.tag ?? reference.digest.map { "\($0)" } ?? "latest"
        let isDockerHub = reference.domain == "docker.io"
        let place = isDockerHub ? reference.path : reference.repository
        try stream.writeLine("\(tag): Pulling from \(place)")
    }

    private func footer(_ text: String, _ manifest: String, _ status: String) throws(Problem) {
        if case .quiet = style { return }
        let reference = try ImageReference(parsing: text)
        try stream.writeLine("Digest: \(manifest)")
        let sentence =
            status == "upToDate" ? "Image is up to date for" : "Downloaded newer image for"
        try stream.writeLine("Status: \(sentence) \(reference.familiar)")
    }

    private mutating func pushHeader(_ text: String) throws(Problem) {
        (layers, drawnLines) = ([], 0)
        if case .quiet = style { return }
        let repository = try ImageReference(parsing: text).repository
        try stream.writeLine("The push refers to repository [\(repository)]")
    }

    private func pushFooter(
        _ text: String, _ digest: String, _ sizeInBytes: Int64
    ) throws(Problem) {
        if case .quiet = style { return }
        let tag = try ImageReference(parsing: text).tag ?? "latest"
        try stream.writeLine("\(tag): digest: \(digest) size: \(sizeInBytes)")
    }

    private mutating func update(_ layer: Layer) throws(Problem) {
        let index = layers.firstIndex { $0.digest == layer.digest }
        let old = index.map { layers[$0] }
        if let index { layers[index] = layer } else { layers.append(layer) }
        switch style {
        case .quiet: return
        case .lines:
            guard old?.status != layer.status, let words = Self.words(for: layer.status),
                words != old.flatMap({ Self.words(for: $0.status) })
            else { return }
            try stream.writeLine("\(Table.shortID(layer.digest)): \(words)")
        case .bars(let columns): try redraw(columns)
        }
    }

    /// Docker's words for a status, as single lines have them.
    private static func words(for status: String) -> String? {
        switch status {
        case "waiting", "downloading": "Pulling fs layer"
        case "verifying": "Verifying Checksum"
        case "extracting": "Download complete"
        case "done": "Pull complete"
        case "exists": "Already exists"
        default: pushWords(for: status)
        }
    }

    /// Docker's words for a layer that is pushed.
    private static func pushWords(for status: String) -> String? {
        switch status {
        case "preparing": "Preparing"
        case "pushing": "Pushing"
        case "pushed": "Pushed"
        case "present": "Layer already exists"
        case _ where status.hasPrefix("mounted"): "M" + status.dropFirst()
        default: nil
        }
    }

    private mutating func redraw(_ columns: Int) throws(Problem) {
        var text = drawnLines > 0 ? "\u{1B}[\(drawnLines)A" : ""
        for layer in layers { text += "\r\u{1B}[2K" + Self.line(layer, columns: columns) + "\n" }
        drawnLines = layers.count
        try stream.write(text)
    }

    /// `4abcf2066143: Downloading [=====>      ]  1.2MB/3.4MB`.
    private static func line(_ layer: Layer, columns: Int) -> String {
        let head = "\(Table.shortID(layer.digest)): "
        let words =
            switch layer.status {
            case "waiting": "Waiting"
            case "downloading": "Downloading"
            case "verifying": "Verifying Checksum"
            case "extracting": "Extracting"
            case "done": "Pull complete"
            case "exists": "Already exists"
            default: pushWords(for: layer.status) ?? layer.status
            }
        guard ["downloading", "extracting", "pushing"].contains(layer.status), layer.total > 0
        else {
            return String((head + words).prefix(columns - 1))
        }
        let sizes =
            "  \(HumanUnits.size(layer.current, digits: 4))"
            + "/\(HumanUnits.size(layer.total, digits: 4))"
        let width = min(50, columns - head.count - words.count - sizes.count - 4)
        guard width >= 10 else { return String((head + words + sizes).prefix(columns - 1)) }
        let share = min(1, Double(layer.current) / Double(layer.total))
        let filled = Int(share * Double(width))
        let bar =
            String(repeating: "=", count: filled) + (filled < width ? ">" : "")
            + String(repeating: " ", count: max(0, width - filled - 1))
        return head + words + " [" + bar + "]" + sizes
    }
}
