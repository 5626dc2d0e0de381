import Diagnostics
import Linux
import Synchronization
import Testing

@testable import Engine
@testable import cli

/// The rows of `run --explain`, made from what is heard of the steps.
@Suite final class LiveStepsTests {
    private let file: OwnedFD
    private let steps: LiveSteps
    private let clock: Clock

    /// Time that passes when a test says so.
    private final class Clock: Sendable {
        let nanoseconds = Mutex<UInt64>(0)
    }

    init() throws {
        let file = try OwnedFD.memory(named: "steps")
        let clock = Clock()
        steps = LiveSteps(
            on: OutputStream(descriptor: file.rawValue, name: "the test"),
            now: { clock.nanoseconds.withLock { $0 } })
        self.file = file
        self.clock = clock
    }

    private func record(
        _ name: String, _ actor: StepRecord.Actor, at start: Int64, spec: String = "hooks",
        _ outcome: StepRecord.Outcome = .done
    ) -> StepRecord {
        StepRecord(
            explanation: Explanation(shell: name, why: "why", spec: spec), actor: actor,
            startInMicroseconds: start, durationInMicroseconds: 17, outcome: outcome)
    }

    /// The first words of the rows, and the last one.
    private func rows() throws -> [String] {
        try file.seek(toOffsetInBytes: 0)
        let text = String(decoding: try file.read(upToBytes: 65536), as: UTF8.self)
        return text.split(separator: "\n").filter { $0.first?.isNumber == true }
            .map { line in
                let words = line.split(separator: " ")
                return "\(words.prefix(3).joined(separator: " ")) \(words.last ?? "")"
            }
    }

    /// Lets time pass until nothing waits for more of it, which is so after few rows.
    private func settle() {
        for _ in 0..<1000 {
            guard let pause = steps.watch.wait() else { return }
            clock.nanoseconds.withLock { $0 += UInt64(pause) * 1_000_000 }
        }
    }

    @Test func `runtime and init have rows in the order in which their steps began`() throws {
        let watch = steps.watch
        watch.begin(.start("web"))
        watch.hear(.begun(record("third", .`init`, at: 30)))
        watch.hear(.ended(record("third", .`init`, at: 30)))
        watch.hear(.begun(record("second", .runtime, at: 20)))
        watch.hear(.ended(record("second", .runtime, at: 20)))
        #expect(try rows().isEmpty)
        try steps.finish()
        #expect(
            try rows() == ["1 runtime second 17", "2 init third 17", "2 steps in ms"])
    }

    @Test func `the engine's steps are there when they begin, and whole when they end`() throws {
        let watch = steps.watch
        watch.begin(.create("web"))
        watch.hear(.begun(record("first", .engine, at: 10)))
        #expect(try rows() == ["1 engine first hooks"])
        watch.hear(.ended(record("first", .engine, at: 10)))
        #expect(try rows() == ["1 engine first 17"])
    }

    @Test func `a step that hangs is shown without its time, and comes again with it`() throws {
        let watch = steps.watch
        watch.begin(.start("web"))
        watch.hear(.begun(record("hook", .runtime, at: 10)))
        watch.hear(.begun(record("mount", .`init`, at: 20)))
        watch.hear(.ended(record("mount", .`init`, at: 20)))
        settle()
        #expect(try rows() == ["1 runtime hook …", "2 init mount 17"])
        watch.hear(.ended(record("hook", .runtime, at: 10, .failed("no"))))
        #expect(
            try rows() == ["1 runtime hook …", "2 init mount 17", "1 runtime hook no]"])
    }

    @Test func `who only waited for the step that failed is not told again`() throws {
        let watch = steps.watch
        watch.begin(.start("web"))
        watch.hear(.begun(record("wait", .runtime, at: 10, spec: "")))
        watch.hear(.begun(record("mount", .`init`, at: 20)))
        settle()
        watch.hear(.ended(record("mount", .`init`, at: 20, .failed("no"))))
        watch.hear(.ended(record("wait", .runtime, at: 10, spec: "", .failed("the other"))))
        try steps.finish()
        #expect(
            try rows() == ["1 runtime wait …", "2 init mount no]", "2 steps in ms"])
    }

    @Test func `each list has numbers of its own`() throws {
        let watch = steps.watch
        for list in [StepList.pull("busybox"), .create("web"), .start("web")] {
            watch.begin(list)
            watch.hear(.ended(record("step", .engine, at: 10)))
        }
        try steps.finish()
        #expect(
            try rows()
                == Array(repeating: "1 engine step 17", count: 3) + ["3 steps in ms"])
    }
}
