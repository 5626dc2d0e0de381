import ContainerRuntime
import Diagnostics
import Glibc

/// `--log-opt syslog-…`.
struct SyslogOptions: Sendable, Equatable {
    var transport: SyslogTarget.Transport
    var format: SyslogTarget.Format
    var facility: Int

    init(_ options: LogOptions) throws(Problem) {
        transport = try Self.transport(options)
        let name = options["syslog-format"] ?? ""
        guard let format = SyslogTarget.Format(rawValue: name) else {
            throw options.invalid(
                "syslog-format", name, "Invalid syslog format",
                fix: "use rfc3164, rfc5424 or rfc5424micro")
        }
        self.format = format
        let facility = options["syslog-facility"] ?? "daemon"
        guard let number = Self.facilities.firstIndex(of: facility) ?? Int(facility),
            (0..<24).contains(number)
        else {
            throw options.invalid(
                "syslog-facility", facility, "invalid syslog facility",
                fix: "for example daemon, user or local0")
        }
        self.facility = number
    }

    /// The names of RFC 3164 in the order of their numbers.
    private static let facilities =
        [
            "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron",
            "authpriv", "ftp", "ntp", "security", "console", "solaris-cron",
        ] + (0..<8).map { "local\($0)" }

    private static func transport(
        _ options: LogOptions
    ) throws(Problem) -> SyslogTarget.Transport {
        guard let text = options["syslog-address"] else { return .local(path: "/dev/log") }
        guard let mark = text.firstRange(of: "://") else {
            throw options.invalid(
                "syslog-address", text, "it has no transport", fix: "for example udp://10.0.0.1:514"
            )
        }
        let rest = String(text[mark.upperBound...])
        switch text[..<mark.lowerBound] {
        case "unix", "unixgram": return .local(path: rest)
        case "udp":
            let place = try Place(rest, options, text)
            return .udp(address: place.address, port: place.port)
        case "tcp":
            let place = try Place(rest, options, text)
            return .tcp(address: place.address, port: place.port)
        case "tcp+tls":
            throw Problem(
                kind: .unsupported, what: "cannot use --log-opt syslog-address=\(text)",
                why: "the monitor, which sends the log, has no TLS",
                fix: "send it to a server of this machine that passes it on")
        default:
            throw options.invalid(
                "syslog-address", text, "unknown transport", fix: "use unix, udp or tcp")
        }
    }

    /// An address and a port.
    private struct Place {
        let address: String
        let port: UInt16

        init(_ text: String, _ options: LogOptions, _ whole: String) throws(Problem) {
            let isIPv6 = text.hasPrefix("[")
            let name =
                isIPv6 ? text.dropFirst().prefix { $0 != "]" } : text.prefix { $0 != ":" }
            let after = text.dropFirst(name.count + (isIPv6 ? 2 : 0))
            let number = after.isEmpty ? 514 : UInt16(after.dropFirst())
            let host = name == "localhost" ? "127.0.0.1" : String(name)
            var buffer = in6_addr()
            let isAddress =
                inet_pton(AF_INET, host, &buffer) == 1 || inet_pton(AF_INET6, host, &buffer) == 1
            guard isAddress, let number, number > 0, after.isEmpty || after.first == ":" else {
                throw options.invalid(
                    "syslog-address", whole,
                    "the monitor, which sends the log, resolves no names: it needs an address",
                    fix: "for example udp://10.0.0.1:514")
            }
            address = host
            port = number
        }
    }
}
