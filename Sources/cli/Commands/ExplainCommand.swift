import Diagnostics
import Engine

/// `kade explain`: the recorded steps that made a container.
struct ExplainCommand: Command {
    var printsJSON = false
    var isWhole = false
    var name = ""

    static var grammar: Grammar<ExplainCommand> {
        Grammar(
            name: "explain", synopsis: "[OPTIONS] CONTAINER",
            summary: "Show the steps that made a container, with their times",
            discussion: "Each step is shown as the command that one could have typed instead, with"
                + " what it is for and the field of the specification that asks for it.",
            flags: [
                .switch("json", nil, "Print one JSON object a step", \.printsJSON),
                .switch("no-trunc", nil, "Don't truncate output", \.isWhole),
            ], operands: .exactly(1), operandKind: .containers, assign: { $0.name = $1[0] })
    }

    func run(in session: Session) throws(Problem) -> ExitCode {
        let steps = try session.engine().containers.steps(of: name)
        try session.output.write(
            printsJSON
                ? StepTable.json(of: steps) : StepTable.text(of: steps, isTruncated: !isWhole))
        return .success
    }
}
