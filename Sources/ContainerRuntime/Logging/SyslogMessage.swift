/// A message of the syslog protocol (RFC 3164 and RFC 5424).
package enum SyslogMessage {
    /// The bytes of an entry.
    ///
    /// - Parameters:
    ///   - text: the entry, with or without its newline.
    ///   - stream: errors have the severity 3, all else 6, as with Docker.
    ///   - target: what the server gets.
    ///   - time: RFC 3339 in UTC with nine digits: `2026-01-02T03:04:05.678901234Z`.
    ///   - pid: the sender's.
    /// - Returns: the message with a newline at its end.
    package static func bytes(
        _ text: ArraySlice<UInt8>, of stream: LogStream, to target: SyslogTarget, at time: String,
        pid: Int32
    ) -> [UInt8] {
        let priority = target.facility * 8 + (stream == .error ? 3 : 6)
        let head: String
        switch target.format {
        case .local: head = "<\(priority)>\(stamp(time)) \(target.tag)[\(pid)]: "
        case .rfc3164:
            head = "<\(priority)>\(stamp(time)) \(target.hostname) \(target.tag)[\(pid)]: "
        case .rfc5424, .rfc5424micro:
            let seconds = time.prefix(19)
            let fraction = target.format == .rfc5424 ? "" : time.dropFirst(19).prefix(7)
            head =
                "<\(priority)>1 \(seconds)\(fraction)Z \(target.hostname) \(target.tag) \(pid) "
                + "\(target.tag) - "
        }
        let line = text.last == UInt8(ascii: "\n") ? text.dropLast() : text
        return Array(head.utf8) + line + [UInt8(ascii: "\n")]
    }

    /// `Jan  2 03:04:05`, the time of RFC 3164, in UTC.
    static func stamp(_ time: String) -> String {
        let months = [
            "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
        ]
        let month = (Int(time.dropFirst(5).prefix(2)) ?? 1) - 1
        let day = Int(time.dropFirst(8).prefix(2)) ?? 1
        let name = months.indices.contains(month) ? months[month] : months[0]
        return "\(name) \(day < 10 ? " " : "")\(day) \(time.dropFirst(11).prefix(8))"
    }
}
