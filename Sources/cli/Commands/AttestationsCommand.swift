import Diagnostics
import Engine
import OCI

/// `kade image attestations`: what builders attest of an image.
struct AttestationsCommand: Command {
    var platform: String?
    var types: [String] = []
    var isWhole = false
    var name = ""

    static var grammar: Grammar<AttestationsCommand> {
        Grammar(
            name: "attestations", synopsis: "[OPTIONS] IMAGE",
            summary: "Show what is attested of an image, in JSON",
            discussion: """
                Provenance and lists of packages (in-toto statements) that BuildKit or Kade put \
                beside the image. A pull brings them with --all-platforms.
                """,
            flags: [
                .text(
                    "platform", nil, "string", "Of this platform, as os[/architecture[/variant]]",
                    \.platform),
                .switch("statement", nil, "With the statements themselves", \.isWhole),
                .list(
                    "type", nil, "list",
                    "Of this type (e.g. \"https://slsa.dev/provenance/v0.2\")", \.types),
            ], operands: .exactly(1), operandKind: .images, assign: { $0.name = $1[0] })
    }

    func run(in session: Session) throws(Problem) -> ExitCode {
        let list = try session.engine().images.attestations(
            of: name, platform: platform, types: types, withStatements: isWhole)
        try session.output.writeLine(JSONValue.array(list).jsonString(.indented))
        return .success
    }
}
