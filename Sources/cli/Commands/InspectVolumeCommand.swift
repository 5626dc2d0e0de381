import Diagnostics
import Engine

/// `kade volume inspect`.
struct InspectVolumeCommand: Command {
    var format: String?
    var names: [String] = []

    static var grammar: Grammar<InspectVolumeCommand> {
        Grammar(
            name: "inspect", synopsis: "[OPTIONS] VOLUME [VOLUME...]",
            summary: "Display detailed information on one or more volumes",
            flags: [
                .text(
                    "format", "f", "string",
                    "Format output using a custom template: 'json' or 'TEMPLATE'", \.format)
            ], operands: .atLeast(1), operandKind: .volumes, assign: { $0.names = $1 })
    }

    func run(in session: Session) throws(Problem) -> ExitCode {
        let volumes = try session.engine().volumes
        return try InspectFlags(format: format, names: names).run(in: session) {
            name throws(Problem) in try volumes.inspect(name)
        }
    }
}
