import Build
import Diagnostics
import Engine
import Linux
import Synchronization

/// How a build goes on: plain lines, or steps that are redrawn in place on a terminal.
final class BuildDisplay: Sendable {
    private let state: Mutex<BuildDisplayState>

    init(on stream: OutputStream, progress: BuildProgress, explainsWhy: Bool) {
        let style: BuildDisplayState.Style
        switch progress {
        case .quiet: style = .quiet
        case .plain: style = .lines
        case .auto, .tty:
            // Without a terminal, or its size, lines are all that fits.
            style =
                stream.size.map { .live(columns: max(40, $0.columns), rows: max(10, $0.rows)) }
                ?? .lines
        }
        state = Mutex(
            BuildDisplayState(
                stream: stream, style: style, explainsWhy: explainsWhy, start: .now))
    }

    /// Shows an event; any thread may call.
    func show(_ event: BuildEvent) {
        state.withLock { $0.show(event) }
    }

    /// Draws the end.
    func end(failed: Bool) throws(Problem) {
        try state.withLock { state throws(Problem) in try state.end(failed: failed) }
    }

    /// Writes what is to be said after all else.
    func summarize(_ text: String) throws(Problem) {
        try state.withLock { state throws(Problem) in try state.write(text) }
    }

    /// Names the image.
    func report(_ image: BuiltImage) throws(Problem) {
        try state.withLock { state throws(Problem) in try state.report(image) }
    }
}

/// What a display has shown, and what goes on.
struct BuildDisplayState {
    let stream: OutputStream
    let style: Style
    let explainsWhy: Bool
    let start: Timestamp
    private var steps: [Step] = []
    private var drawnLines = 0
    private var failure: Problem?

    enum Style {
        case quiet, lines
        case live(columns: Int, rows: Int)
    }

    private struct Step {
        let name: StepName
        let began: Timestamp
        var ended: Timestamp?
        var ending: StepEnding?
        /// The last lines that its program wrote; of one that failed all of them are shown.
        var lines: [String] = []
        /// What was written after the last line's end.
        var rest: [UInt8] = []
        var note = ""
    }

    init(stream: OutputStream, style: Style, explainsWhy: Bool, start: Timestamp) {
        self.stream = stream
        self.style = style
        self.explainsWhy = explainsWhy
        self.start = start
    }

    /// Shows an event; the first failure of writing ends the display and not the build.
    mutating func show(_ event: BuildEvent) {
        guard failure == nil else { return }
        do throws(Problem) {
            switch event {
            case .began(let name): try begin(name)
            case .output(let name, let bytes): try add(bytes, to: name)
            case .transfer(let name, let transfer): try note(transfer, of: name)
            case .ended(let name, let ending): try end(name, ending)
            case .warned(let text): try write("WARNING: \(text)\n")
            }
        } catch { failure = error }
    }

    mutating func end(failed: Bool) throws(Problem) {
        if let failure { throw failure }
        guard case .live = style else { return }
        try redraw()
        guard failed, let step = steps.last(where: { $0.ending == .failed }), !step.lines.isEmpty
        else { return }
        try stream.write("------\n > \(step.name.text):\n")
        for line in step.lines { try stream.writeLine(line) }
        try stream.write("------\n")
    }

    func report(_ image: BuiltImage) throws(Problem) {
        if case .quiet = style { return }
        try stream.writeLine("image \(image.id)")
        for name in image.names { try stream.writeLine("named \(name)") }
    }

    private mutating func begin(_ name: StepName) throws(Problem) {
        steps.append(Step(name: name, began: .now))
        switch style {
        case .quiet: return
        case .lines: try stream.writeLine("#\(name.number) \(name.text.onOneLine)")
        case .live: try redraw()
        }
    }

    private mutating func add(_ bytes: [UInt8], to name: StepName) throws(Problem) {
        guard let index = steps.firstIndex(where: { $0.name == name }) else { return }
        var all = steps[index].rest + bytes
        var lines: [String] = []
        while let end = all.firstIndex(of: UInt8(ascii: "\n")) {
            lines.append(String(decoding: all[..<end], as: UTF8.self))
            all.removeSubrange(...end)
        }
        steps[index].rest = all
        try add(lines, at: index)
    }

    /// How many lines of a step are kept for the case that it fails.
    private static let keptLines = 2000

    private mutating func add(_ lines: [String], at index: Int) throws(Problem) {
        guard !lines.isEmpty else { return }
        steps[index].lines += lines
        if steps[index].lines.count > 2 * Self.keptLines {
            steps[index].lines.removeFirst(steps[index].lines.count - Self.keptLines)
        }
        switch style {
        case .quiet: return
        case .lines:
            let seconds = Self.seconds(from: steps[index].began, to: .now, places: 3)
            for line in lines {
                try stream.writeLine("#\(steps[index].name.number) \(seconds) \(line)")
            }
        case .live: try redraw()
        }
    }

    private mutating func note(_ event: TransferEvent, of name: StepName) throws(Problem) {
        guard let index = steps.firstIndex(where: { $0.name == name }) else { return }
        guard case .layer(let digest, let status, let current, let total) = event else { return }
        let id = Table.shortID(digest)
        steps[index].note =
            total > 0
            ? "\(id) \(status) \(HumanUnits.size(current, digits: 3))/"
                + HumanUnits.size(total, digits: 3) : "\(id) \(status)"
        switch style {
        case .quiet: return
        case .lines:
            guard status == "done" || status == "exists" else { return }
            try stream.writeLine("#\(name.number) \(id) \(status)")
        case .live: try redraw()
        }
    }

    private mutating func end(_ name: StepName, _ ending: StepEnding) throws(Problem) {
        guard let index = steps.firstIndex(where: { $0.name == name }) else { return }
        if !steps[index].rest.isEmpty {
            let last = String(decoding: steps[index].rest, as: UTF8.self)
            steps[index].rest = []
            try add([last], at: index)
        }
        steps[index].ending = ending
        steps[index].ended = .now
        steps[index].note = ""
        switch style {
        case .quiet: return
        case .lines: try stream.write(ended(steps[index]))
        case .live: try redraw()
        }
    }

    /// `#3 DONE 0.2s` with the reason where that is asked for.
    private func ended(_ step: Step) -> String {
        let number = "#\(step.name.number)"
        let reason: String
        let word: String
        switch step.ending {
        case .cached(let why): (word, reason) = ("CACHED", why)
        case .done(let why):
            let seconds = Self.seconds(from: step.began, to: step.ended ?? .now, places: 1)
            (word, reason) = ("DONE \(seconds)s", why)
        case .failed, nil: (word, reason) = ("ERROR", "")
        }
        let why = explainsWhy && !reason.isEmpty ? "\(number) because \(reason)\n" : ""
        return "\(number) \(word)\n\(why)\n"
    }

    func write(_ text: String) throws(Problem) {
        if case .quiet = style { return }
        try stream.write(text)
    }

    static func seconds(from start: Timestamp, to end: Timestamp, places: Int) -> String {
        let nanoseconds = max(0, end.nanosecondsSinceEpoch - start.nanosecondsSinceEpoch)
        var scale: Int64 = 1_000_000_000
        for _ in 0..<places { scale /= 10 }
        let digits = String(nanoseconds / scale)
        let padded = String(repeating: "0", count: max(0, places + 1 - digits.count)) + digits
        return "\(padded.dropLast(places)).\(padded.suffix(places))"
    }
}

/// The live display.
extension BuildDisplayState {
    /// How many lines of a running program are shown.
    private static let shownOutput = 5

    private mutating func redraw() throws(Problem) {
        guard case .live(let columns, let rows) = style else { return }
        var lines: [String] = []
        for step in steps {
            lines.append(line(of: step, columns: columns))
            if explainsWhy, let why = step.ending?.why, !why.isEmpty {
                lines.append(String("    because \(why)".prefix(columns - 1)))
            }
            guard step.ending == nil else { continue }
            for text in step.lines.suffix(Self.shownOutput) {
                lines.append(String(" # \(text.onOneLine)".prefix(columns - 1)))
            }
        }
        lines = lines.suffix(rows - 1)
        var text = drawnLines > 0 ? "\u{1B}[\(drawnLines)A\u{1B}[J" : ""
        for line in lines { text += line + "\n" }
        drawnLines = lines.count
        try stream.write(text)
    }

    private func line(of step: Step, columns: Int) -> String {
        let word: String
        switch step.ending {
        case .cached: word = "CACHED"
        case .failed: word = "ERROR"
        default: word = Self.seconds(from: step.began, to: step.ended ?? .now, places: 1) + "s"
        }
        let head = " => \(step.name.text.onOneLine) \(step.note)"
        let width = columns - word.count - 2
        let cut = String(head.prefix(width))
        return cut + String(repeating: " ", count: max(1, width - cut.count + 1)) + word
    }
}

extension StepEnding {
    fileprivate var why: String? {
        switch self {
        case .cached(let why), .done(let why): why
        case .failed: nil
        }
    }
}

extension String {
    /// The text without line ends and tabs, which would break a line of the display.
    fileprivate var onOneLine: String {
        String(map { $0.isNewline || $0 == "\t" ? " " : $0 })
    }
}
