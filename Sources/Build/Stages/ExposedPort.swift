/// A port of EXPOSE: `80`, `53/udp`, `8000-8010/tcp`.
enum ExposedPort {
    /// The names of its ports as an image's configuration has them: `80/tcp`.
    static func names(_ text: String) throws(ShellMistake) -> [String] {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        let networkProtocol = parts.count > 1 ? parts[1].lowercased() : "tcp"
        guard ["tcp", "udp", "sctp"].contains(networkProtocol) else {
            throw ShellMistake("invalid proto: \(networkProtocol) of port \(text)")
        }
        // A port of the host that someone wrote before it has no meaning here.
        let container = parts[0].split(separator: ":").last ?? ""
        let bounds = container.split(separator: "-", omittingEmptySubsequences: false)
        guard let first = bounds.first.flatMap({ UInt16($0) }), bounds.count <= 2,
            let last = bounds.last.flatMap({ UInt16($0) }), first <= last
        else { throw ShellMistake("invalid containerPort: \(text)") }
        return (first...last).map { "\($0)/\(networkProtocol)" }
    }
}
