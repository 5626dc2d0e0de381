import Diagnostics
import OCI

/// `kade version`: Kade's version and the platform that it runs on.
struct VersionCommand: Command {
    var format: String?

    static var grammar: Grammar<VersionCommand> {
        Grammar(
            name: "version", synopsis: "[OPTIONS]", summary: "Show the Kade version information",
            flags: [
                .text(
                    "format", "f", "string",
                    "Format output using a custom template: 'json' or 'TEMPLATE'", \.format)
            ], operands: .none)
    }

    func run(in session: Session) throws(Problem) -> ExitCode {
        let platform = Platform.host
        // Client and engine are one program; scripts ask for either.
        let part: JSONValue = [
            "Version": .string(Version.current), "Os": .string(platform.os),
            "Arch": .string(platform.architecture),
        ]
        var server = part.object ?? [:]
        server["Platform"] = ["Name": "Kade"]
        server["Components"] = [["Name": "Engine", "Version": .string(Version.current)]]
        let version: JSONValue = ["Client": part, "Server": .object(server)]
        guard let format else {
            try session.output.write(
                """
                Kade:
                 Version:  \(Version.current)
                 OS/Arch:  \(platform.os)/\(platform.architecture)

                """)
            return .success
        }
        try session.output.writeLine(try ObjectFormat(format).text(of: version))
        return .success
    }
}
