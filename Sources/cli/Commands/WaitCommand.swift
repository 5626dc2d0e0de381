import Diagnostics
import Engine

/// `kade wait`: blocks until containers have ended, and prints their exit codes.
struct WaitCommand: Command {
    var conditions: [WaitCondition] = []
    var names: [String] = []

    static var selection: ContainerSelection? { .one }

    static var grammar: Grammar<WaitCommand> {
        Grammar(
            name: "wait", synopsis: "[OPTIONS] CONTAINER [CONTAINER...]",
            summary: "Block until one or more containers stop, then print their exit codes",
            flags: [
                .list(
                    "condition", nil, "condition",
                    "Condition to wait on (default not-running): "
                        + WaitCondition.allCases.map(\.rawValue).joined(separator: ", "),
                    \.conditions, parse)
            ], operands: .atLeast(1), operandKind: .containers, assign: { $0.names = $1 })
    }

    func run(in session: Session) throws(Problem) -> ExitCode {
        let containers = try session.engine().containers
        let wanted: Set = conditions.isEmpty ? [.notRunning] : Set(conditions)
        return try OperandLoop.run(names, in: session) { name throws(Problem) in
            "\(try containers.wait(name, for: wanted))"
        }
    }

    private static func parse(_ text: String) throws(InvalidValue) -> WaitCondition {
        guard let condition = WaitCondition(rawValue: text) else {
            throw InvalidValue(
                "there is no condition '\(text)'",
                fix: "use one of "
                    + WaitCondition.allCases.map(\.rawValue).joined(separator: ", "))
        }
        return condition
    }
}
