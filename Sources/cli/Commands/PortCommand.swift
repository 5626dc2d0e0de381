import Diagnostics
import Engine
import Networking

/// `kade port`: where a container's ports are published.
struct PortCommand: Command {
    var name = ""
    var port: String?

    static var selection: ContainerSelection? { .one }

    static var grammar: Grammar<PortCommand> {
        Grammar(
            name: "port", synopsis: "CONTAINER [PRIVATE_PORT[/PROTO]]",
            summary: "List port mappings or a specific mapping for the container",
            operands: .between(1, 2), operandKind: .runningContainers,
            assign: { command, operands in
                command.name = operands[0]
                command.port = operands.dropFirst().first
            })
    }

    func run(in session: Session) throws(Problem) -> ExitCode {
        let ports = try session.engine().containers.ports(of: name)
        guard let port else {
            for line in Self.lines(of: ports) { try session.output.writeLine(line) }
            return .success
        }
        let wanted = try PortSpec.parseExposed(port)
        let found = ports.filter { wanted.contains(TransportPort($0.port, $0.transport)) }
        guard !found.isEmpty else {
            throw Problem(
                kind: .notFound, what: "no public port '\(port)' published for \(name)",
                why: "the container does not publish it",
                fix: "kade port \(name) lists those that it does")
        }
        for port in found { try session.output.writeLine(Self.host(of: port)) }
        return .success
    }

    /// `80/tcp -> 0.0.0.0:8080`.
    static func lines(of ports: [PublishedPort]) -> [String] {
        ports.sorted { ($0.port, $0.transport.rawValue) < ($1.port, $1.transport.rawValue) }
            .map { "\(TransportPort($0.port, $0.transport)) -> \(host(of: $0))" }
    }

    private static func host(of port: PublishedPort) -> String {
        "\(PortColumn.host(port.hostAddress)):\(port.hostPort)"
    }
}
