import Linux
import SystemPackage

/// A program's connection to the name server.
final class NameConnection {
    let socket: OwnedFD
    /// When the program said something, or took an answer, last; on the monotonic clock.
    private(set) var lastUse = monotonicNanoseconds()
    /// How many of its questions others are asked.
    var openQuestions = 0
    /// Whether it has nothing more to ask.
    private(set) var hasEnded = false
    private var received: [UInt8] = []
    private var waiting: [UInt8] = []

    /// How much waits for a program that takes nothing.
    private static let maximumWaitingInBytes = 1 << 20

    init(_ socket: consuming OwnedFD) throws(SystemCallError) {
        try socket.setNonBlocking(true)
        self.socket = consume socket
    }

    var interest: ReadinessEvents {
        var events: ReadinessEvents = hasEnded ? [] : .readable
        if !waiting.isEmpty { events.insert(.writable) }
        return events
    }

    /// Whether nothing more will come of it.
    var isDone: Bool { hasEnded && openQuestions == 0 && waiting.isEmpty }

    /// Reads what has arrived.
    ///
    /// - Returns: the questions that are there whole.
    func read() throws(SystemCallError) -> [[UInt8]] {
        lastUse = monotonicNanoseconds()
        do throws(SystemCallError) {
            let bytes = try socket.receive(upToBytes: 8192)
            hasEnded = bytes.isEmpty
            received += bytes
        } catch  where error.errno == .wouldBlock {
            return []
        }
        var questions: [[UInt8]] = []
        while let question = NameFrame.first(in: received) {
            received.removeFirst(2 + question.count)
            questions.append(question)
        }
        return questions
    }

    /// Sends an answer, as far as the program takes it now.
    func send(_ answer: [UInt8]) throws(SystemCallError) {
        waiting += NameFrame.framed(answer)
        guard waiting.count <= Self.maximumWaitingInBytes else {
            throw SystemCallError(call: "send", subject: "an answer", errno: .noBufferSpace)
        }
        try sendWaiting()
    }

    /// Sends what waits.
    func sendWaiting() throws(SystemCallError) {
        lastUse = monotonicNanoseconds()
        do throws(SystemCallError) {
            while !waiting.isEmpty { waiting.removeFirst(try socket.send(waiting)) }
        } catch  where error.errno == .wouldBlock {
            return
        }
    }
}
