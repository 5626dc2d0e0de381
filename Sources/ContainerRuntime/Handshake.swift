package import Diagnostics

/// The messages between the runtime and init while a container is set up.
///
/// They travel over a socket pair (`SOCK_SEQPACKET`: one message, one datagram); descriptors go
/// with them as `SCM_RIGHTS`. Each side meets the other only at the rendezvous that its plan has,
/// and a side whose peer has gone reads the end of the stream.
///
/// ```
/// runtime                                         init
///    │ ──────────── clone3 ───────────────────────► │  settle: session, standard streams
///    │ ──────────── reached(mapped) ──────────────► │  with a new user namespace: id maps are set
///    │ ──────────── reached(placed) ──────────────► │  where the runtime has to do something for init
///    │ ◄─────────── warning(step, text)* ────────── │  mounts, devices
///    │ ◄─────────── reached(mounted) ────────────── │  only where the runtime has hooks to run
///    │ ──────────── reached(hooked) ──────────────► │  enter: pivot_root, identity, capabilities
///    │ ◄─────────── console + descriptor ────────── │  only with process.terminal
///    │ ◄─────────── seccompListener + descriptor ── │  only with SCMP_ACT_NOTIFY
///    │ ──────────── reached(listened) ────────────► │  an agent has the listener
///    │ ◄─────────── reached(ready) ──────────────── │  waits for the start
///    │ ──────────── reached(started) ─────────────► │  `run` only; `start` writes to exec.fifo; sent
///    │                                              │  before ready where nothing comes between
///    │ ◄─────────── failed(step, problem) ───────── │  at any time, instead of anything else
///    │ ◄─────────── end of the stream ───────────── │  execve closes the socket
/// ```
package enum HandshakeMessage: Sendable {
    /// The sender has come to a point that the other one waits for.
    case reached(Rendezvous)
    /// A step found something that the container lives without.
    case warning(step: Int, text: String)
    /// A step failed and the sender ends; a step of −1 is the program's execution.
    case failed(step: Int, Problem)
    /// The master of the terminal comes with this message.
    case console
    /// The listener of the seccomp filter comes with this message.
    case seccompListener
    /// The socket that the program reports to (sd_notify(3)) comes with this message.
    case notifySocket
    /// The process that the container's first process was made as, with its pidfd.
    case process(id: Int32)
    /// A process that made it on the way and has ended, for whoever is its parent.
    case helper(id: Int32)
}

/// A point at which the runtime and init wait for each other.
package enum Rendezvous: UInt8, Sendable, CaseIterable {
    /// The runtime has written the maps of init's user namespace.
    case mapped
    /// The runtime has put init into its cgroups, or has made those that init enters itself.
    case placed
    /// Init has made its mounts and devices.
    case mounted
    /// The runtime has run its hooks.
    case hooked
    /// The runtime has handed the seccomp listener to its agent.
    case listened
    /// Init has nothing left to do but to execute the program.
    case ready
    /// The runtime lets init execute the program.
    case started

    /// Whether init comes to the point and the runtime waits, or the other way round.
    package var isReachedByInit: Bool { self == .mounted || self == .ready }
}

extension Rendezvous: CustomStringConvertible {
    /// Its name, which Swift itself would look up among all conformances of the program.
    package var description: String {
        switch self {
        case .mapped: "mapped"
        case .placed: "placed"
        case .mounted: "mounted"
        case .hooked: "hooked"
        case .listened: "listened"
        case .ready: "ready"
        case .started: "started"
        }
    }
}

extension HandshakeMessage {
    /// The longest message; longer texts are cut.
    package static let maximumSizeInBytes = 16 * 1024

    /// The message as one datagram: a letter, then its fields, texts separated by a zero byte.
    package var encoded: [UInt8] {
        var bytes: [UInt8] = []
        switch self {
        case .reached(let rendezvous):
            bytes = [UInt8(ascii: "r"), rendezvous.rawValue]
        case .warning(let step, let text):
            bytes = [UInt8(ascii: "w")] + Self.encode(step) + Array(text.utf8)
        case .failed(let step, let problem):
            let texts = [problem.kind.rawValue, problem.what, problem.why, problem.fix ?? ""]
            bytes = [UInt8(ascii: "f")] + Self.encode(step) + texts.joined(separator: "\0").utf8
        case .console:
            bytes = [UInt8(ascii: "c")]
        case .seccompListener:
            bytes = [UInt8(ascii: "s")]
        case .notifySocket:
            bytes = [UInt8(ascii: "n")]
        case .process(let id):
            bytes = [UInt8(ascii: "p")] + Self.encode(Int(id))
        case .helper(let id):
            bytes = [UInt8(ascii: "h")] + Self.encode(Int(id))
        }
        return Array(bytes.prefix(Self.maximumSizeInBytes))
    }

    /// Reads a datagram; nil when it is none of ours.
    package init?(decoding bytes: [UInt8]) {
        let payload = bytes.dropFirst()
        switch bytes.first {
        case UInt8(ascii: "r"):
            guard let raw = payload.first, let point = Rendezvous(rawValue: raw) else { return nil }
            self = .reached(point)
        case UInt8(ascii: "w"):
            guard let step = Self.decodeNumber(payload) else { return nil }
            self = .warning(
                step: step, text: String(decoding: payload.dropFirst(4), as: UTF8.self))
        case UInt8(ascii: "f"):
            guard let step = Self.decodeNumber(payload),
                let problem = Self.decodeProblem(payload.dropFirst(4))
            else { return nil }
            self = .failed(step: step, problem)
        case UInt8(ascii: "c"): self = .console
        case UInt8(ascii: "s"): self = .seccompListener
        case UInt8(ascii: "n"): self = .notifySocket
        case UInt8(ascii: "p"):
            guard let id = Self.decodeNumber(payload) else { return nil }
            self = .process(id: Int32(id))
        case UInt8(ascii: "h"):
            guard let id = Self.decodeNumber(payload) else { return nil }
            self = .helper(id: Int32(id))
        default: return nil
        }
    }

    private static func encode(_ number: Int) -> [UInt8] {
        let bits = UInt32(bitPattern: Int32(clamping: number))
        return (0..<4).map { UInt8(truncatingIfNeeded: bits >> (8 * UInt32($0))) }
    }

    private static func decodeNumber(_ bytes: ArraySlice<UInt8>) -> Int? {
        guard bytes.count >= 4 else { return nil }
        var bits: UInt32 = 0
        for (index, byte) in bytes.prefix(4).enumerated() { bits |= UInt32(byte) << (8 * index) }
        return Int(Int32(bitPattern: bits))
    }

    private static func decodeProblem(_ bytes: ArraySlice<UInt8>) -> Problem? {
        let texts = bytes.split(separator: 0, omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
        guard texts.count == 4, let kind = Problem.Kind(rawValue: texts[0]) else { return nil }
        return Problem(
            kind: kind, what: texts[1], why: texts[2], fix: texts[3].isEmpty ? nil : texts[3])
    }
}
