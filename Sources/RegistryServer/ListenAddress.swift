package import Diagnostics
import NIOCore
import SystemPackage

/// Where a registry takes connections.
package enum ListenAddress: Sendable, Equatable {
    /// A host's address or name and a port; the port 0 is any free one.
    case network(host: String, port: Int)
    /// A socket in the file system.
    case socket(String)

    /// Reads "127.0.0.1:5000", ":5000", "[::1]:5000", "localhost:0" or "unix:///run/kade.sock".
    package init(parsing text: String) throws(Problem) {
        if text.hasPrefix("unix://") {
            let path = String(text.dropFirst("unix://".count))
            // What sockaddr_un has room for.
            guard path.hasPrefix("/"), path.utf8.count < 108 else {
                throw Self.mistake(text, "a socket is an absolute path of up to 107 bytes")
            }
            self = .socket(path)
            return
        }
        guard let colon = text.lastIndex(of: ":"),
            let port = Int(text[text.index(after: colon)...]),
            0...65535 ~= port
        else { throw Self.mistake(text, "it does not end with a port") }
        var host = String(text[..<colon])
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = String(host.dropFirst().dropLast())
        } else if host.contains(":") {
            throw Self.mistake(text, "an IPv6 address stands in brackets")
        }
        self = .network(host: host.isEmpty ? "0.0.0.0" : host, port: port)
    }

    /// Whether only this machine reaches it.
    package var isLocal: Bool {
        switch self {
        case .socket: true
        case .network(let host, _):
            host == "localhost" || host == "::1" || host.hasPrefix("127.")
        }
    }

    /// The address with the port that the kernel chose.
    func with(port: Int?) -> ListenAddress {
        guard case .network(let host, _) = self, let port else { return self }
        return .network(host: host, port: port)
    }

    /// The error of an address that cannot be listened at.
    func problem(_ error: any Error) -> Problem {
        let why = (error as? IOError).map { "\(Errno(rawValue: $0.errnoCode))" } ?? "\(error)"
        return Problem(
            kind: .conflict, what: "cannot listen at \(self)", why: why,
            fix: "choose another address: --listen ADDRESS:PORT")
    }

    private static func mistake(_ text: String, _ why: String) -> Problem {
        Problem(
            kind: .invalid, what: "cannot listen at \"\(text)\"", why: why,
            fix: "write it as ADDRESS:PORT or unix:///PATH")
    }
}

extension ListenAddress: CustomStringConvertible {
    package var description: String {
        switch self {
        case .socket(let path): "unix://\(path)"
        case .network(let host, let port):
            host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        }
    }
}
