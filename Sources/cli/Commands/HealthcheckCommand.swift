import Diagnostics
import Engine

/// `kade healthcheck run`: checks a container's health at once.
struct HealthcheckCommand: Command {
    var name = ""

    static let canPlan = true

    static var grammar: Grammar<HealthcheckCommand> {
        Grammar(
            name: "run", synopsis: "CONTAINER", summary: "Run the health check of a container",
            discussion: """
                The container's monitor runs the check, and what it finds counts as any other
                result. The exit code is 0 when the check succeeds, and 1 when it fails.
                """,
            operands: .exactly(1), operandKind: .runningContainers, assign: { $0.name = $1[0] })
    }

    func run(in session: Session) throws(Problem) -> ExitCode {
        if try session.engine().containers.checkHealth(of: name) { return .success }
        try session.output.writeLine("unhealthy")
        return .failure
    }
}
