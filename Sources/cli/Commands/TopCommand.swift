import Diagnostics
import Engine

/// `kade top`: a container's processes as `ps` shows them.
struct TopCommand: Command {
    var name = ""
    var arguments: [String] = []

    static var selection: ContainerSelection? { .one }

    static var grammar: Grammar<TopCommand> {
        Grammar(
            name: "top", synopsis: "CONTAINER [ps OPTIONS]",
            summary: "Display the running processes of a container",
            operands: .atLeast(1), operandKind: .runningContainers, endsFlagsAtFirstOperand: true,
            assign: { command, operands in
                command.name = operands[0]
                command.arguments = Array(operands.dropFirst())
            })
    }

    func run(in session: Session) throws(Problem) -> ExitCode {
        let table = try session.engine().containers.top(name, psArguments: arguments)
        try session.output.write(Table.text([table.titles] + table.rows, minimumWidth: 20))
        return .success
    }
}
