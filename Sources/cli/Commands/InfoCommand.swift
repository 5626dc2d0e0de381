import Diagnostics
import Engine
import OCI

/// `kade info`: what the engine says about itself and the machine.
struct InfoCommand: Command {
    var format: String?

    static var grammar: Grammar<InfoCommand> {
        Grammar(
            name: "info", synopsis: "[OPTIONS]", summary: "Display system-wide information",
            flags: [
                .text(
                    "format", "f", "string",
                    "Format output using a custom template: 'json' or 'TEMPLATE'", \.format)
            ], operands: .none)
    }

    func run(in session: Session) throws(Problem) -> ExitCode {
        let information = try session.engine().system.information()
        guard let format else {
            try session.output.write(Self.lines(of: information, indent: 0))
            return .success
        }
        try session.output.writeLine(try ObjectFormat(format).text(of: information))
        return .success
    }

    /// The object's members, one a line, nested ones indented.
    private static func lines(of value: JSONValue, indent: Int) -> String {
        let blanks = String(repeating: " ", count: indent)
        return (value.object?.members ?? []).map { member in
            switch member.value {
            case .object: "\(blanks)\(member.name):\n" + lines(of: member.value, indent: indent + 1)
            case .array(let values):
                "\(blanks)\(member.name): \(values.map(TemplateFormat.plain).joined(separator: " "))\n"
            case .null, .bool, .number, .string:
                "\(blanks)\(member.name): \(TemplateFormat.plain(member.value))\n"
            }
        }.joined()
    }
}
