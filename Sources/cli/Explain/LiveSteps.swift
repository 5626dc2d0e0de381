import Diagnostics
import Engine
import Linux
import Synchronization

/// Shows steps on standard error while they are made, for `run --explain`.
///
/// Rows have the order in which their steps began. A row without its time is of a step that is not
/// done; where others go on meanwhile it comes once more when it is.
final class LiveSteps: Sendable {
    private let stream: OutputStream
    private let state: Mutex<State>

    /// Shows nothing yet.
    ///
    /// - Parameters:
    ///   - stream: where the rows go.
    ///   - now: the moment, in nanoseconds of the machine's clock.
    init(
        on stream: OutputStream, now: @escaping @Sendable () -> UInt64 = { monotonicNanoseconds() }
    ) {
        self.stream = stream
        state = Mutex(State(now: now))
    }

    /// What the engine tells of the steps.
    var watch: StepWatch {
        StepWatch(
            begin: { list in self.change { $0.begin(list) } },
            hear: { event in
                self.change { state in
                    switch event {
                    case .begun(let record): state.begin(record)
                    case .ended(let record): state.end(record)
                    }
                }
            },
            wait: {
                var pause: Int32?
                self.change { pause = $0.millisecondsToNextRow() }
                return pause
            })
    }

    /// Shows what is left, and how many steps there were; nothing where there were none.
    ///
    /// - Throws: why it could not be shown, which nothing waited for.
    func finish() throws(Problem) {
        change { $0.finish() }
        if let failure = state.withLock({ $0.failure }) { throw failure }
    }

    /// Changes the state, and writes what it has become.
    private func change(_ body: (inout State) -> Void) {
        state.withLock { state in
            body(&state)
            state.writeRows(at: state.now())
            let text = state.takeText()
            guard !text.isEmpty, state.failure == nil else { return }
            do throws(Problem) { try stream.write(text) } catch { state.failure = error }
        }
    }

    /// The steps that are not written, or not done.
    fileprivate struct State {
        let now: @Sendable () -> UInt64
        /// Those that are not written yet, in the order of their rows; the first one's row may be
        /// there without its end.
        private var waiting: [Row] = []
        /// Those whose row is there, without a time.
        private var open: [Row] = []
        /// Those that are done, of all lists.
        private var done: [StepRecord] = []
        private var count = 0
        private var lastNumber = 0
        private var text = ""
        var failure: Problem?

        init(now: @escaping @Sendable () -> UInt64) { self.now = now }

        struct Row {
            var record: StepRecord
            let heardInNanoseconds: UInt64
            var isDone: Bool
            /// What it is counted as, once its row has begun.
            var number: Int?
        }

        mutating func takeText() -> String {
            defer { text = "" }
            return text
        }

        mutating func begin(_ list: StepList) {
            writeAll()
            lastNumber = 0
            text += "\n\(list.title)\n" + StepRow.header
        }

        mutating func begin(_ record: StepRecord) { add(record, isDone: false) }

        mutating func end(_ record: StepRecord) {
            done.append(record)
            func isSame(_ row: Row) -> Bool {
                !row.isDone && row.record.actor == record.actor
                    && row.record.startInMicroseconds == record.startInMicroseconds
            }
            if let index = waiting.firstIndex(where: isSame) {
                waiting[index].record = record
                waiting[index].isDone = true
            } else if let index = open.firstIndex(where: isSame) {
                var row = open.remove(at: index)
                row.record = record
                guard !record.hasFailedWithOther else { return }
                breakRow()
                text += StepRow.whole(record, number: row.number ?? 0)
            } else {
                add(record, isDone: true)
            }
        }

        /// Runtime and init work side by side, and may be heard in another order than they began in.
        private mutating func add(_ record: StepRecord, isDone: Bool) {
            let row = Row(
                record: record, heardInNanoseconds: now(), isDone: isDone, number: nil)
            var place = waiting.count
            while record.isSideBySide, place > 0, waiting[place - 1].number == nil,
                waiting[place - 1].record.isSideBySide,
                waiting[place - 1].record.startInMicroseconds > record.startInMicroseconds
            {
                place -= 1
            }
            waiting.insert(row, at: place)
        }

        /// Writes the rows whose turn has come.
        mutating func writeRows(at moment: UInt64) {
            while let row = waiting.first {
                if row.number == nil {
                    guard row.isDue(at: moment) else { return }
                    beginRow()
                } else if row.isDone {
                    text += StepRow.end(of: row.record)
                    waiting.removeFirst()
                } else {
                    // Those behind it wait for a moment, so that its row becomes whole.
                    guard waiting.count > 1, waiting[1].isLate(at: moment) else { return }
                    breakRow()
                }
            }
        }

        /// After how many milliseconds a row will have waited long enough; nil where none waits.
        mutating func millisecondsToNextRow() -> Int32? {
            let moment = now()
            writeRows(at: moment)
            guard let next = waiting.first(where: { $0.number == nil }) else { return nil }
            let due = next.heardInNanoseconds + Row.patienceInNanoseconds
            return due > moment ? Int32(clamping: (due - moment) / 1_000_000 + 1) : 1
        }

        mutating func finish() {
            writeAll()
            guard count > 0 else { return }
            text += StepTable.total(of: done, count: count)
            (done, open, count) = ([], [], 0)
        }

        /// Writes all rows, also of steps that are not done.
        private mutating func writeAll() {
            while let row = waiting.first {
                if row.number == nil {
                    beginRow()
                } else if row.isDone {
                    text += StepRow.end(of: row.record)
                    waiting.removeFirst()
                } else {
                    breakRow()
                }
            }
        }

        private mutating func beginRow() {
            lastNumber += 1
            count += 1
            waiting[0].number = lastNumber
            text += StepRow.beginning(of: waiting[0].record, number: lastNumber)
        }

        /// Ends the row that is being written without its time.
        private mutating func breakRow() {
            guard let row = waiting.first, row.number != nil else { return }
            text += row.isDone ? StepRow.end(of: row.record) : "…\n"
            waiting.removeFirst()
            if !row.isDone { open.append(row) }
        }
    }
}

extension LiveSteps.State.Row {
    /// How long a row waits for the one before it, or for others that began before it.
    fileprivate static let patienceInNanoseconds: UInt64 = 50_000_000

    /// Whether it may begin: another one could still come before it.
    fileprivate func isDue(at moment: UInt64) -> Bool {
        !record.isSideBySide || isLate(at: moment)
    }

    fileprivate func isLate(at moment: UInt64) -> Bool {
        moment >= heardInNanoseconds + Self.patienceInNanoseconds
    }
}

extension StepRecord {
    /// Whether another process makes steps at the same time.
    fileprivate var isSideBySide: Bool { actor == .runtime || actor == .`init` }

    /// Whether it only waited for a step that failed.
    fileprivate var hasFailedWithOther: Bool {
        guard case .failed = outcome else { return false }
        return explanation.spec.isEmpty
    }
}

extension StepList {
    /// What stands above its steps.
    fileprivate var title: String {
        switch self {
        case .pull(let reference): "The pull of \(reference)"
        case .create(let name): "The making of \(name)"
        case .start(let name): "The start of \(name)"
        }
    }
}
