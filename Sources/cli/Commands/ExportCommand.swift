import Diagnostics
import Engine

/// `kade export`: a container's files as a tar archive.
struct ExportCommand: Command {
    var output: String?
    var name = ""

    static var grammar: Grammar<ExportCommand> {
        Grammar(
            name: "export", synopsis: "[OPTIONS] CONTAINER",
            summary: "Export a container's filesystem as a tar archive",
            discussion: """
                What volumes and other mounts show is not in the archive. Names come sorted, so that
                the same files give the same archive.
                """,
            flags: [
                .text("output", "o", "string", "Write to a file, instead of STDOUT", \.output)
            ], operands: .exactly(1), operandKind: .containers, assign: { $0.name = $1[0] })
    }

    func run(in session: Session) throws(Problem) -> ExitCode {
        let containers = try session.engine().containers
        var gaps: ArchiveGaps?
        try ArchiveOutput.write(to: output, "export") { file throws(Problem) in
            gaps = try containers.export(name, to: file)
        }
        for sentence in gaps?.sentences ?? [] { try session.warn(sentence) }
        return .success
    }
}
