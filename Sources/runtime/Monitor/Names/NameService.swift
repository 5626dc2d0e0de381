import Diagnostics
import Glibc
import Linux
import Networking
import SystemPackage

/// A container's name server, as its monitor has it: two sockets, and a process while somebody asks.
///
/// The monitor waits for the first question and leaves it to a process of its own (``NameWorker``),
/// which takes all that come then and ends when none has come for a while. So names cost a
/// container that asks for none little more than the sockets, what goes wrong with a question does the
/// monitor no harm, and a name server that was killed is there again with the next question.
final class NameService {
    let sockets: NameSockets
    private let sandbox: NetworkSandbox
    private let file: FilePath
    private var worker: ChildProcess?

    /// Opens the sockets.
    ///
    /// - Parameters:
    ///   - sandbox: where the container's network is.
    ///   - file: its `network.json`.
    /// - Throws: why they cannot be opened.
    init(in sandbox: NetworkSandbox, file: FilePath) throws(Problem) {
        sockets = try sandbox.openNameSockets()
        self.sandbox = sandbox
        self.file = file
    }

    /// Starts the process, which finds the question at the socket.
    ///
    /// - Returns: the descriptor of its process, to wait for; nil where the kernel makes none, and
    ///   the question is lost.
    func start() -> CInt? {
        do throws(SystemCallError) {
            switch try clone([], intoCgroup: nil) {
            case .parent(let process):
                worker = consume process
                return workerNumber
            case .child: NameWorker(sockets, in: sandbox, file: file).work()
            }
        } catch {
            dropQuestion()
            return nil
        }
    }

    /// Takes note of the end of the process.
    func finish() throws(Problem) {
        guard let process = worker.take() else { return }
        let end = try explaining("cannot learn how the name server ended") {
            () throws(SystemCallError) in try process.wait()
        }
        // Whatever it could not bear is not given to the next one.
        if end.code != 0 { dropQuestion() }
    }

    /// Ends the process, as the container has ended.
    func end() throws(Problem) {
        guard let process = worker.take() else { return }
        try explaining("cannot end the name server") { () throws(SystemCallError) in
            try process.send(.kill)
            _ = try process.wait()
        }
    }

    private var workerNumber: CInt? {
        switch worker {
        case .some(let process): process.descriptor.rawValue
        case .none: nil
        }
    }

    /// Takes one question off each socket; nobody hears of it but the program that asks again.
    private func dropQuestion() {
        _ = try? sockets.datagrams.nextDatagram(upToBytes: 1)
        _ = try? sockets.connections.accept()
    }
}

/// The name server's process.
struct NameWorker {
    private let sockets: NameSockets
    private let sandbox: NetworkSandbox
    private let file: FilePath

    init(_ sockets: NameSockets, in sandbox: NetworkSandbox, file: FilePath) {
        self.sockets = sockets
        self.sandbox = sandbox
        self.file = file
    }

    /// Answers until nobody has asked for a while, and ends the process.
    func work() -> Never {
        do throws(SystemCallError) {
            try setParentDeathSignal(.kill)
            try closeInherited(
                from: 3,
                keeping: [sockets.datagrams.rawValue, sockets.connections.rawValue]
                    + sandbox.descriptors)
            try NameLoop(sockets, in: sandbox, file: file).run()
            _exit(0)
        } catch {
            // There is nobody to be told: the next question starts another one.
            _exit(1)
        }
    }
}
