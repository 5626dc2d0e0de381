import Linux
import Networking
import SystemPackage

/// Who asked, and is answered.
enum NameCaller {
    /// By a datagram from an address (`struct sockaddr`).
    case datagram(sender: [UInt8])
    /// Over a connection.
    case connection(token: UInt64)
}

/// A question that others are asked.
final class NameExchange {
    let query: NameQuery
    let caller: NameCaller
    /// Who has not been asked yet.
    var upstreams: ArraySlice<NameUpstream>
    /// The connection to the one that is asked now.
    var socket: OwnedFD?
    /// When the next one is asked, on the monotonic clock.
    var deadline: UInt64 = 0
    /// The answer of one that could not say.
    var failure: [UInt8]?
    /// What a connection has brought of the answer.
    private var received: [UInt8] = []
    private var isSent = false

    init(_ query: NameQuery, from caller: NameCaller, to upstreams: [NameUpstream]) {
        self.query = query
        self.caller = caller
        self.upstreams = upstreams[...]
    }

    /// Whether it goes over connections, as the question came.
    var isConnected: Bool { if case .connection = caller { true } else { false } }

    /// What the kernel tells of the socket.
    var interest: ReadinessEvents { isConnected && !isSent ? .writable : .readable }

    /// Begins to ask over another socket.
    func begin(over socket: consuming OwnedFD, until deadline: UInt64) throws(SystemCallError) {
        received = []
        isSent = false
        self.deadline = deadline
        self.socket = consume socket
        if !isConnected { try send(query.bytes) }
    }

    /// Goes on after something happened on the socket.
    ///
    /// - Returns: the answer, when it is there whole.
    /// - Throws: when the other side cannot be reached, or is gone.
    func proceed() throws(SystemCallError) -> [UInt8]? {
        if isConnected, !isSent {
            let count = query.bytes.count
            try send([UInt8(count >> 8), UInt8(truncatingIfNeeded: count)] + query.bytes)
            isSent = true
            return nil
        }
        guard let bytes = try read() else { return nil }
        guard isConnected else { return query.isAnswered(by: bytes) ? bytes : nil }
        guard !bytes.isEmpty else {
            throw SystemCallError(call: "read", subject: "a name server", errno: .connectionReset)
        }
        received += bytes
        guard let answer = NameFrame.first(in: received) else { return nil }
        guard query.isAnswered(by: answer) else {
            throw SystemCallError(call: "read", subject: "a name server", errno: .badMessage)
        }
        return answer
    }

    private func send(_ bytes: [UInt8]) throws(SystemCallError) {
        switch socket {
        case .some(let socket): try socket.send(bytes)
        case .none: return
        }
    }

    /// nil where nothing has arrived.
    private func read() throws(SystemCallError) -> [UInt8]? {
        do throws(SystemCallError) {
            switch socket {
            case .some(let socket): return try socket.receive(upToBytes: NameFrame.largest)
            case .none: return nil
            }
        } catch  where error.errno == .wouldBlock {
            return nil
        }
    }
}

/// Messages on a connection: each follows its length of two bytes (RFC 1035, section 4.2.2).
enum NameFrame {
    static let largest = 65535

    /// The first message, when it is there whole.
    static func first(in bytes: [UInt8]) -> [UInt8]? {
        guard bytes.count >= 2 else { return nil }
        let count = Int(bytes[0]) << 8 | Int(bytes[1])
        return bytes.count >= 2 + count ? Array(bytes[2..<2 + count]) : nil
    }

    /// A message with its length.
    static func framed(_ message: [UInt8]) -> [UInt8] {
        [UInt8(message.count >> 8), UInt8(truncatingIfNeeded: message.count)] + message
    }
}
