import Diagnostics
import Engine

/// `kade stop`: ends containers gently, and by force after a time.
struct StopCommand: Command {
    var ending = StopFlags()
    var names: [String] = []

    static let canPlan = true

    static var selection: ContainerSelection? {
        ContainerSelection(several: .alive, hasFilterLetter: true)
    }

    static var grammar: Grammar<StopCommand> {
        Grammar(
            name: "stop", synopsis: "[OPTIONS] CONTAINER [CONTAINER...]",
            summary: "Stop one or more running containers",
            flags: StopFlags.flags.map { $0.lifted(to: \.ending) },
            operands: .atLeast(1), operandKind: .runningContainers, assign: { $0.names = $1 })
    }

    func run(in session: Session) throws(Problem) -> ExitCode {
        let containers = try session.engine().containers
        return try OperandLoop.run(names, in: session) { name throws(Problem) in
            try containers.stop(name, signal: ending.signal, timeoutInSeconds: ending.timeout)
            return name
        }
    }
}
