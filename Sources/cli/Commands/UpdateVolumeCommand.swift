import Diagnostics

/// `kade volume update`: Docker's, for the volumes of a swarm; refused.
struct UpdateVolumeCommand: Command {
    var availability: String?
    var name = ""

    static var grammar: Grammar<UpdateVolumeCommand> {
        Grammar(
            name: "update", synopsis: "[OPTIONS] VOLUME",
            summary: "Update a volume (cluster volumes only: Kade has none)",
            flags: [
                .text("availability", nil, "string", "Cluster volume availability", \.availability)
            ], operands: .exactly(1), operandKind: .volumes, assign: { $0.name = $1[0] })
    }

    func run(in session: Session) throws(Problem) -> ExitCode {
        throw Problem(
            kind: .unsupported, what: "cannot update volume \(name)",
            why: "only cluster volumes of a swarm can be updated, and Kade has no swarm",
            fix: "make a new volume with other options")
    }
}
