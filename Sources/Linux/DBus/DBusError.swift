/// Why a call over D-Bus came to nothing.
package enum DBusError: Error {
    /// The kernel refused to connect, to send or to receive.
    case system(SystemCallError)
    /// The other side does not let this user in.
    case notAuthenticated(String)
    /// The other side answered with an error: its name and its sentence.
    case answered(name: String, message: String)
    /// The other side sent what is no D-Bus.
    case malformed(String)
    /// The connection ended before the answer.
    case closed
    /// No answer came in time.
    case timedOut
}

extension DBusError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .system(let refusal): "\(refusal)"
        case .notAuthenticated(let answer): "it does not let this user in: \(answer)"
        case .answered(let name, let message): message.isEmpty ? name : "\(message) (\(name))"
        case .malformed(let what): "it does not speak D-Bus: \(what)"
        case .closed: "it closed the connection"
        case .timedOut: "it did not answer in time"
        }
    }
}
