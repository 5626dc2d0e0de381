import ContainerRuntime
import Diagnostics
import Linux

/// A command that is connected to the monitor: `kade run`, `attach`, `stop`, `wait`.
final class Client {
    let socket: OwnedFD
    /// What it takes part in; nothing before its ``ClientMessage/attach(_:)``.
    var options: ClientMessage.AttachOptions = []
    /// Whether it has said what it takes part in.
    var isAttached = false
    /// What tells it of the steps of the start that it waits for; nil where it does not want that.
    var stepTeller: StepTeller?
    private var waiting: [[UInt8]] = []

    init(socket: consuming OwnedFD) { self.socket = socket }

    /// Whether messages wait for room in its socket; the container's output then waits as well.
    var isCongested: Bool { !waiting.isEmpty }

    /// Waits for its first message, which stays; false when it hangs up without one.
    func hasSpoken() throws(Problem) -> Bool {
        let beginning = try explaining("cannot hear the client") { () throws(SystemCallError) in
            try socket.beginningOfNextMessage(upToBytes: 2)
        }
        // Its answer comes later; what it watches begins now.
        if ClientMessage.AttachOptions(ofMessage: beginning).contains(.watchesSteps) {
            stepTeller = try StepTeller(to: socket)
        }
        return !beginning.isEmpty
    }

    /// Reads what it has sent, and drops it.
    func readAll() {
        do throws(SystemCallError) {
            try socket.setNonBlocking(true)
            while try !socket.receive(upToBytes: monitorChunkInBytes + 16).isEmpty {}
        } catch {
            return  // nothing is left, or it is gone
        }
    }

    /// Sends a message now or, in order, as soon as there is room.
    ///
    /// - Returns: false when the client is gone.
    func send(_ message: MonitorMessage) -> Bool {
        waiting.append(message.datagram)
        return sendWaiting()
    }

    /// Sends what waits, as far as there is room.
    ///
    /// - Returns: false when the client is gone.
    func sendWaiting() -> Bool {
        while let next = waiting.first {
            do throws(SystemCallError) {
                guard try socket.sendIfReady(next) else { return true }
            } catch {
                return false
            }
            waiting.removeFirst()
        }
        return true
    }

    /// Whether it wants a message.
    func wants(_ message: MonitorMessage) -> Bool {
        switch message {
        case .output: options.contains(.standardOutput)
        case .error: options.contains(.standardError)
        case .started, .exited, .checked, .networkChanged, .problem: true
        case .step: false  // they have their own way: ``StepTeller``
        }
    }
}
