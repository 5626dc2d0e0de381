package import Diagnostics
package import Linux

/// Tells a monitor's client of the steps of a start while they are made.
///
/// The monitor, the process that starts the container and init have copies of one socket, each
/// message is whole, and what one process says before it lets another go on arrives first. It waits
/// for a client that is slow, so that nothing is lost.
package final class StepTeller: Sendable {
    private let socket: OwnedFD

    /// Makes one that speaks over a copy of the client's socket.
    package init(to client: borrowing OwnedFD) throws(Problem) {
        socket = try explaining("cannot tell the client of the steps") {
            [raw = client.rawValue] () throws(SystemCallError) in try OwnedFD(duplicating: raw)
        }
    }

    /// Waits for a message, unless the client hangs up before it comes.
    ///
    /// - Throws: a problem when it has: a start that is watched ends with who watches it.
    package func wait(for message: borrowing OwnedFD) throws(Problem) {
        let numbers = [message.rawValue, socket.rawValue]
        let events = try explaining("cannot hear how the container starts") {
            () throws(SystemCallError) in
            try Poll.wait(for: numbers, .readable, milliseconds: nil)
        }
        guard events[0].isEmpty, events[1].contains(.hangUp) else { return }
        throw Problem(
            kind: .unavailable, what: "cannot start the container",
            why: "the command that started it and showed its steps has ended meanwhile",
            fix: "start it again")
    }

    /// ``tell(_:)``, for modules that do not know of clients.
    package var hear: @Sendable (StepEvent) -> Void { { event in self.tell(event) } }

    /// Tells of a step that begins or has ended.
    package func tell(_ event: StepEvent) {
        let short: StepEvent =
            switch event {
            case .begun(let record): .begun(record.cut)
            case .ended(let record): .ended(record.cut)
            }
        // A client that is gone does not look any more.
        _ = try? socket.send(MonitorMessage.step(short).datagram)
    }
}

extension SetupContext {
    /// Tells that a step begins, where someone looks.
    func tellBeginning(of step: any SetupStep, by actor: StepRecord.Actor, at start: UInt64) {
        guard let stepTeller else { return }
        stepTeller.tell(
            .begun(
                step.explanation, by: actor, atMicroseconds: Int64(clamping: start / 1000)))
    }

    /// Tells how a step has ended, where someone looks.
    ///
    /// - Parameters:
    ///   - step: the step.
    ///   - index: its number in the plan.
    ///   - actor: who made it.
    ///   - span: when it began and ended, in nanoseconds.
    ///   - failure: why it failed; nil where it did not.
    func tellEnd(
        of step: any SetupStep, _ index: Int, by actor: StepRecord.Actor,
        in span: Range<UInt64>, failure: Problem?
    ) {
        guard let stepTeller else { return }
        let outcome: StepRecord.Outcome
        if let failure {
            // Who waits for the other side fails with it; the reason is there.
            outcome = .failed(failedStep == index ? failure.why : StepJournal.endedWithOther)
        } else {
            let found = warnings.filter { $0.step == index }.map(\.text)
            outcome = found.isEmpty ? .done : .warned(found.joined(separator: "; "))
        }
        stepTeller.tell(
            .ended(
                StepRecord(
                    explanation: step.explanation, actor: actor,
                    startInMicroseconds: Int64(clamping: span.lowerBound / 1000),
                    durationInMicroseconds: Int64(clamping: span.upperBound - span.lowerBound)
                        / 1000,
                    outcome: outcome)))
    }
}

extension StepRecord {
    /// The record with texts that fit into one message together: a command line may have megabytes.
    fileprivate var cut: StepRecord {
        var record = self
        record.explanation.shell = Self.cut(explanation.shell)
        record.explanation.why = Self.cut(explanation.why)
        record.explanation.spec = Self.cut(explanation.spec)
        switch outcome {
        case .done: break
        case .warned(let why): record.outcome = .warned(Self.cut(why))
        case .failed(let why): record.outcome = .failed(Self.cut(why))
        }
        return record
    }

    private static func cut(_ text: String) -> String {
        let limitInBytes = monitorChunkInBytes / 5
        guard text.utf8.count > limitInBytes else { return text }
        return String(decoding: text.utf8.prefix(limitInBytes), as: UTF8.self) + "…"
    }
}
