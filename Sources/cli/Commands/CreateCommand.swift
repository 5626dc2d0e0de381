import Diagnostics
import Engine

/// `kade create`: makes a container without starting it.
struct CreateCommand: Command {
    var container = ContainerFlags()
    var image = ""
    var arguments: [String] = []

    static let startsProgram = true

    static let canPlan = true

    static var grammar: Grammar<CreateCommand> {
        Grammar(
            name: "create", synopsis: "[OPTIONS] IMAGE [COMMAND] [ARG...]",
            summary: "Create a new container",
            flags: ContainerFlags.flags.map { $0.lifted(to: \.container) },
            operands: .atLeast(1), operandKind: .images, endsFlagsAtFirstOperand: true,
            assign: { command, operands in
                command.image = operands[0]
                command.arguments = Array(operands.dropFirst())
            })
    }

    func run(in session: Session) throws(Problem) -> ExitCode {
        let request = try container.request(image: image, command: arguments, in: session)
        var new = NewContainer(
            request: request, flags: container, engine: try session.engine(), session: session,
            startsNext: false, showsSteps: false)
        let created = try new.create()
        try session.output.writeLine(created.id)
        return .success
    }
}
