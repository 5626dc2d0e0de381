import ContainerRuntime
package import Diagnostics
import Glibc
import Linux
import SystemPackage

/// Carries bytes between a session and the descriptors of a client until one side ends.
///
/// It owns no descriptor and changes no terminal: raw mode and the window's size are the caller's,
/// who sends them when `onWake` is called.
package struct SessionPump: Sendable {
    /// Read and sent as the container's input; nil sends none.
    package var input: CInt?
    /// Where the container's output goes; nil drops it.
    package var output: CInt?
    /// Where the container's error output goes; nil drops it.
    package var error: CInt?
    /// The bytes that detach when typed one after the other; empty means that none do.
    package var detachKeys: [UInt8]
    /// A further descriptor to watch, such as a signalfd; `onWake` is called when it is readable.
    package var wake: CInt?

    package init(
        input: CInt?, output: CInt?, error: CInt?, detachKeys: [UInt8], wake: CInt?
    ) {
        self.input = input
        self.output = output
        self.error = error
        self.detachKeys = detachKeys
        self.wake = wake
    }

    /// How a session ended.
    package enum Outcome: Sendable, Equatable {
        case exited(code: Int32)
        /// The user typed the detach keys.
        case detached
        /// The monitor went away without an exit code.
        case lost
    }

    /// Pumps until the container exits, the user detaches or the monitor is gone.
    ///
    /// Throws the problem of a container that could not start.
    package func run(
        _ session: borrowing ContainerSession,
        onWake: (borrowing ContainerSession) throws(Problem) -> Void
    ) throws(Problem) -> Outcome {
        var pumping = PumpState(self)
        while true {
            let ready = try pumping.wait(for: session.descriptor)
            if ready.isWoken { try onWake(session) }
            if ready.isSessionReadable {
                guard let event = try session.receive() else { return .lost }
                switch event {
                case .output(let bytes): try pumping.deliver(bytes, isError: false)
                case .error(let bytes): try pumping.deliver(bytes, isError: true)
                case .exited(let code): return .exited(code: code)
                case .started, .checked, .networkChanged: continue
                case .failed(let problem): throw problem
                }
            }
            if ready.isInputReadable, try pumping.readInput() == .detach { return .detached }
            try pumping.sendPending(to: session)
        }
    }
}

/// What a pump remembers between two rounds.
private struct PumpState {
    private let pump: SessionPump
    private var input: CInt?
    private var output: CInt?
    private var error: CInt?
    private var keys: DetachKeys
    /// Messages that the monitor's socket had no room for; no input is read meanwhile.
    private var pending: [ClientMessage] = []

    init(_ pump: SessionPump) {
        self.pump = pump
        input = pump.input
        output = pump.output
        error = pump.error
        keys = DetachKeys(pump.detachKeys)
    }

    struct Readiness {
        var isSessionReadable = false
        var isInputReadable = false
        var isWoken = false
    }

    func wait(for session: CInt) throws(Problem) -> Readiness {
        let watchedInput = pending.isEmpty ? input : nil
        // A negative descriptor is passed over by poll(2).
        var entries = [
            pollfd(
                fd: session, events: Int16(POLLIN | (pending.isEmpty ? 0 : POLLOUT)), revents: 0),
            pollfd(fd: watchedInput ?? -1, events: Int16(POLLIN), revents: 0),
            pollfd(fd: pump.wake ?? -1, events: Int16(POLLIN), revents: 0),
        ]
        try explaining("cannot wait for the container") { () throws(SystemCallError) in
            _ = try kernel("poll", "the session") { poll(&entries, nfds_t(entries.count), -1) }
        }
        return Readiness(
            isSessionReadable: entries[0].revents & ~Int16(POLLOUT) != 0,
            isInputReadable: entries[1].revents != 0, isWoken: entries[2].revents != 0)
    }

    mutating func deliver(_ bytes: [UInt8], isError: Bool) throws(Problem) {
        guard let target = isError ? error : output else { return }
        var rest = bytes[...]
        while !rest.isEmpty {
            let written: Int
            do throws(SystemCallError) {
                written = try kernel("write", "the output") {
                    rest.withUnsafeBytes { write(target, $0.baseAddress, $0.count) }
                }
            } catch  where error.errno == .brokenPipe {
                // Its reader wants no more; the container goes on, as it would with docker.
                if isError { self.error = nil } else { output = nil }
                return
            } catch  where error.errno == .resourceTemporarilyUnavailable {
                var entry = pollfd(fd: target, events: Int16(POLLOUT), revents: 0)
                poll(&entry, 1, -1)
                continue
            } catch {
                throw Problem(what: "cannot write the container's output", refusal: error)
            }
            rest = rest.dropFirst(written)
        }
    }

    enum InputOutcome { case goOn, detach }

    mutating func readInput() throws(Problem) -> InputOutcome {
        guard let descriptor = input else { return .goOn }
        var buffer = [UInt8](repeating: 0, count: monitorChunkInBytes)
        let count: Int
        do throws(SystemCallError) {
            count = try kernel("read", "the input") {
                read(descriptor, &buffer, buffer.count)
            }
        } catch  where error.errno == .resourceTemporarilyUnavailable {
            return .goOn
        } catch  where error.errno == .ioError || error.errno == .badFileDescriptor {
            count = 0  // a terminal that went away, or a closed input: its end
        } catch {
            throw Problem(what: "cannot read the container's input", refusal: error)
        }
        if count == 0 {
            input = nil
            if let rest = keys.rest() { pending.append(.input(rest)) }
            pending.append(.endOfInput)
            return .goOn
        }
        let (bytes, isDetached) = keys.filter(buffer[..<count])
        if !bytes.isEmpty { pending.append(.input(bytes)) }
        return isDetached ? .detach : .goOn
    }

    mutating func sendPending(to session: borrowing ContainerSession) throws(Problem) {
        while let message = pending.first {
            do throws(SystemCallError) {
                guard try session.socket.sendIfReady(message.datagram) else { return }
            } catch  where error.errno == .brokenPipe || error.errno == .connectionReset {
                // The next round reads the reason.
            } catch {
                throw Problem(what: "cannot tell the container's monitor", refusal: error)
            }
            pending.removeFirst()
        }
    }
}
