package import Diagnostics

// The protocol between a container's monitor and its clients (`kade run`, `attach`, `stop`, …),
// over a Unix socket of type SOCK_SEQPACKET: one datagram is one message, its first byte the type.
//
//   client                               monitor
//     │ ── A attach (streams wanted) ────► │   a first client may hold the start back until here
//     │ ◄──────────── S step (its record)* │   only to a first client that watches the steps
//     │ ◄──────────────── T started (pid)  │   or P problem
//     │ ── I input, E end of input ──────► │
//     │ ── W window size, G signal ──────► │
//     │ ◄── O standard output, R error ──  │
//     │ ── Q stop (signal, time limit) ──► │
//     │ ── L reload (monitor.json) ──────► │
//     │ ── N change networks (network.json) │
//     │ ◄────────────────────── C changed ─ │   or P problem
//     │ ── K check the health now ───────► │
//     │ ◄──────── H checked (exit code) ── │
//     │ ◄──────────────── X exited (code)  │   to every client; then the monitor hangs up

/// The largest number of stream bytes in one message.
package let monitorChunkInBytes = 32 * 1024

/// What a client asks of a container's monitor.
package enum ClientMessage: Sendable, Equatable {
    /// Send me these streams from now on.
    case attach(AttachOptions)
    /// Bytes for the container's standard input.
    case input([UInt8])
    /// The container's standard input ends.
    case endOfInput
    /// The client's terminal has this size.
    case resize(rows: UInt16, columns: UInt16)
    /// Send a signal to the container's first process.
    case signal(UInt8)
    /// End the container for good: a signal, then SIGKILL after the time limit (−1: never).
    case stop(signal: UInt8, timeoutInMilliseconds: Int32)
    /// Read `monitor.json` again: the container has another name, policy or health check.
    case reload
    /// Read `network.json` again, and make the networks and ports what it says.
    case changeNetwork
    /// Check the container's health now, and tell what was found.
    case checkHealth

    /// Which streams a client takes part in, and what it promises.
    package struct AttachOptions: OptionSet, Sendable {
        package let rawValue: UInt8
        package init(rawValue: UInt8) { self.rawValue = rawValue }

        /// All of them; the generic initializer would look up conformances at run time.
        package init(arrayLiteral options: AttachOptions...) {
            var bits: UInt8 = 0
            for option in options { bits |= option.rawValue }
            rawValue = bits
        }

        /// The client will send standard input.
        package static let standardInput = Self(rawValue: 1)
        /// The client wants standard output (and, of a terminal, everything).
        package static let standardOutput = Self(rawValue: 2)
        /// The client wants standard error.
        package static let standardError = Self(rawValue: 4)
        /// The client will remove the container after its end; without it `--rm` is the monitor's.
        package static let willRemove = Self(rawValue: 8)
        /// The client, which is the first one, wants to hear of the start's steps as they are made.
        package static let watchesSteps = Self(rawValue: 16)

        /// The options of a message; none where it is another one.
        package init(ofMessage datagram: [UInt8]) {
            let isAttach = datagram.count == 2 && datagram[0] == UInt8(ascii: "A")
            self.init(rawValue: isAttach ? datagram[1] : 0)
        }
    }
}

/// What a container's monitor tells a client.
package enum MonitorMessage: Sendable, Equatable {
    /// The user's program runs, as this process of the host.
    case started(pid: Int32)
    /// Bytes of the container's standard output, or of its terminal.
    case output([UInt8])
    /// Bytes of the container's standard error.
    case error([UInt8])
    /// The container ended with this exit code (128 + n for signal n) and will not restart.
    case exited(code: Int32)
    /// The health check that was asked for ended with this exit code; −1 when it took too long.
    case checked(exitCode: Int32)
    /// The networks and ports are what was asked.
    case networkChanged
    /// The container could not be started: a ``Problem`` as JSON.
    case problem(json: [UInt8])
    /// A step of the start has begun or ended.
    case step(StepEvent)
}

extension ClientMessage {
    /// The message as one datagram.
    package var datagram: [UInt8] {
        switch self {
        case .attach(let options): [UInt8(ascii: "A"), options.rawValue]
        case .input(let bytes): [UInt8(ascii: "I")] + bytes
        case .endOfInput: [UInt8(ascii: "E")]
        case .resize(let rows, let columns):
            [UInt8(ascii: "W")] + rows.littleEndianBytes + columns.littleEndianBytes
        case .signal(let number): [UInt8(ascii: "G"), number]
        case .stop(let signal, let timeout):
            [UInt8(ascii: "Q"), signal] + timeout.littleEndianBytes
        case .reload: [UInt8(ascii: "L")]
        case .changeNetwork: [UInt8(ascii: "N")]
        case .checkHealth: [UInt8(ascii: "K")]
        }
    }

    /// Reads one datagram.
    ///
    /// - Throws: ``Problem`` of kind `invalid` when it is no message of this protocol.
    package init(datagram: [UInt8]) throws(Problem) {
        let body = datagram.dropFirst()
        switch (datagram.first, body.count) {
        case (UInt8(ascii: "A"), 1): self = .attach(AttachOptions(rawValue: datagram[1]))
        case (UInt8(ascii: "I"), 1...): self = .input(Array(body))
        case (UInt8(ascii: "E"), 0): self = .endOfInput
        case (UInt8(ascii: "W"), 4):
            self = .resize(
                rows: UInt16(littleEndianBytes: body.prefix(2)),
                columns: UInt16(littleEndianBytes: body.suffix(2)))
        case (UInt8(ascii: "G"), 1): self = .signal(datagram[1])
        case (UInt8(ascii: "Q"), 5):
            self = .stop(
                signal: datagram[1],
                timeoutInMilliseconds: Int32(littleEndianBytes: body.suffix(4)))
        case (UInt8(ascii: "L"), 0): self = .reload
        case (UInt8(ascii: "N"), 0): self = .changeNetwork
        case (UInt8(ascii: "K"), 0): self = .checkHealth
        default: throw unreadable(datagram, from: "a client")
        }
    }
}

extension MonitorMessage {
    /// The message as one datagram.
    package var datagram: [UInt8] {
        switch self {
        case .started(let pid): [UInt8(ascii: "T")] + pid.littleEndianBytes
        case .output(let bytes): [UInt8(ascii: "O")] + bytes
        case .error(let bytes): [UInt8(ascii: "R")] + bytes
        case .exited(let code): [UInt8(ascii: "X")] + code.littleEndianBytes
        case .checked(let code): [UInt8(ascii: "H")] + code.littleEndianBytes
        case .networkChanged: [UInt8(ascii: "C")]
        case .problem(let json): [UInt8(ascii: "P")] + json
        case .step(let event): [UInt8(ascii: "S")] + event.bytes
        }
    }

    /// Reads one datagram.
    ///
    /// - Throws: ``Problem`` of kind `invalid` when it is no message of this protocol.
    package init(datagram: [UInt8]) throws(Problem) {
        let body = datagram.dropFirst()
        switch (datagram.first, body.count) {
        case (UInt8(ascii: "T"), 4): self = .started(pid: Int32(littleEndianBytes: body))
        case (UInt8(ascii: "O"), _): self = .output(Array(body))
        case (UInt8(ascii: "R"), _): self = .error(Array(body))
        case (UInt8(ascii: "X"), 4): self = .exited(code: Int32(littleEndianBytes: body))
        case (UInt8(ascii: "H"), 4): self = .checked(exitCode: Int32(littleEndianBytes: body))
        case (UInt8(ascii: "C"), 0): self = .networkChanged
        case (UInt8(ascii: "P"), _): self = .problem(json: Array(body))
        case (UInt8(ascii: "S"), _): self = .step(try StepEvent(bytes: body))
        default: throw unreadable(datagram, from: "a monitor")
        }
    }
}

private func unreadable(_ datagram: [UInt8], from sender: String) -> Problem {
    Problem(
        kind: .invalid,
        what: "cannot read a message of \(sender)",
        why: "\(datagram.count) bytes of type \(datagram.first ?? 0) are no message of ours",
        fix: "if Kade was upgraded meanwhile, restart the container")
}

extension FixedWidthInteger {
    fileprivate var littleEndianBytes: [UInt8] {
        (0..<Self.bitWidth / 8).map { UInt8(truncatingIfNeeded: self >> ($0 * 8)) }
    }

    fileprivate init(littleEndianBytes bytes: ArraySlice<UInt8>) {
        self = bytes.reversed().reduce(0) { $0 << 8 | Self($1) }
    }
}
