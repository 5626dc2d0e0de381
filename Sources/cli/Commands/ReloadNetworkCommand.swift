import Diagnostics
import Engine

/// `kade network reload`: Podman's.
struct ReloadNetworkCommand: Command {
    var names: [String] = []

    static let canPlan = true

    static var selection: ContainerSelection? {
        ContainerSelection(several: .alive, hasFilterLetter: true)
    }

    static var grammar: Grammar<ReloadNetworkCommand> {
        Grammar(
            name: "reload", synopsis: "[OPTIONS] [CONTAINER...]",
            summary: "Put back the firewall's rules of one or more containers",
            discussion: "For containers that run while somebody flushes the rules of nf_tables."
                + " What is there stays, and so do connections.",
            operands: .atLeast(1), operandKind: .runningContainers, assign: { $0.names = $1 })
    }

    func run(in session: Session) throws(Problem) -> ExitCode {
        let networks = try session.engine().networks
        return try OperandLoop.run(names, in: session) { name throws(Problem) in
            try networks.reload(name)
        }
    }
}
