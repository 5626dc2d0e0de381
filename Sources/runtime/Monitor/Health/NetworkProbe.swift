import ContainerRuntime
import Diagnostics
import Glibc
import Linux
import SystemPackage

/// The checks that need no program in the container: a child of the monitor connects from the
/// container's network namespace.
enum NetworkProbe {
    /// Tries, in a process of its own that ends with the check's exit code.
    ///
    /// - Parameters:
    ///   - test: a URL or port.
    ///   - process: the container's first process, whose network it is.
    ///   - output: what is found is written there.
    static func run(_ test: HealthCheck.Test, networkOf process: CInt, output: CInt) -> Never {
        var text: String
        var code: CInt = 1
        do throws(SystemCallError) {
            let namespace = try OwnedFD.open(FilePath("/proc/\(process)/ns/net"), .readOnly)
            try Namespaces.enter(namespace, .network)
            switch test {
            case .http(let url): (text, code) = try ask(url)
            case .tcp(let port): (text, code) = try connect(port)
            case .command: text = "a command is no check of the network"
            }
        } catch {
            text = "\(error.call) \(error.subject): \(error.errno)"
        }
        // Whoever reads the exit code sees both; there is nobody else to be told.
        _ = text.withCString { write(output, $0, strlen($0)) }
        _exit(code)
    }

    private static func connect(_ port: UInt16) throws(SystemCallError) -> (String, CInt) {
        _ = try open(["127.0.0.1", "::1"], port)
        return ("connected to port \(port)", 0)
    }

    /// The first of the addresses that takes a connection; the first refusal where none does.
    private static func open(
        _ addresses: [String], _ port: UInt16
    ) throws(SystemCallError) -> OwnedFD {
        var refusal: SystemCallError?
        for address in addresses {
            do throws(SystemCallError) {
                return try TCPConnection.open(to: address, port: port)
            } catch {
                refusal = refusal ?? error
            }
        }
        throw refusal
            ?? SystemCallError(call: "connect", subject: "port \(port)", errno: .invalidArgument)
    }

    /// Asks for a page, and reads the answer's first line (RFC 9112).
    private static func ask(_ url: HealthURL) throws(SystemCallError) -> (String, CInt) {
        let socket = try open(url.addresses, url.port)
        let request =
            "GET \(url.target) HTTP/1.1\r\nHost: \(url.authority)\r\nUser-Agent: kade\r\n"
            + "Accept: */*\r\nConnection: close\r\n\r\n"
        try socket.writeAll(request)
        var answer: [UInt8] = []
        while answer.count < 1024, !answer.contains(UInt8(ascii: "\n")) {
            let more = try socket.read(upToBytes: 1024)
            if more.isEmpty { break }
            answer += more
        }
        let line = answer.prefix { $0 != UInt8(ascii: "\r") && $0 != UInt8(ascii: "\n") }
        let text = String(decoding: line, as: UTF8.self)
        guard let status = HTTPStatusLine.code(of: text) else {
            return ("the answer is not HTTP: \(text)", 1)
        }
        return (text, (200..<400).contains(status) ? 0 : 1)
    }
}
