import Diagnostics
import Engine
import Linux
import SystemPackage

/// `kade volume export`: a volume's files as a tar archive.
struct ExportVolumeCommand: Command {
    var output: String?
    var name = ""

    static var grammar: Grammar<ExportVolumeCommand> {
        Grammar(
            name: "export", synopsis: "[OPTIONS] VOLUME",
            summary: "Export a volume's files as a tar archive",
            flags: [
                .text("output", "o", "string", "Write to a file, instead of STDOUT", \.output)
            ], operands: .exactly(1), operandKind: .volumes, assign: { $0.name = $1[0] })
    }

    func run(in session: Session) throws(Problem) -> ExitCode {
        let volumes = try session.engine().volumes
        var users = Set(try volumes.runningUsers(of: name))
        try ArchiveOutput.write(to: output, "export") { file throws(Problem) in
            try volumes.export(name, to: file)
        }
        users.formUnion(try volumes.runningUsers(of: name))
        if !users.isEmpty {
            try session.warn(
                "volume \(name) was in use while its files were read, by "
                    + "\(users.sorted().joined(separator: ", ")): the archive may have files of "
                    + "several moments")
        }
        return .success
    }
}

/// `kade volume import`: unpacks a tar archive into a volume.
struct ImportVolumeCommand: Command {
    var name = ""
    var archive = ""

    static let canPlan = true

    static var grammar: Grammar<ImportVolumeCommand> {
        Grammar(
            name: "import", synopsis: "VOLUME file|-",
            summary: "Unpack a tar archive into a volume, beside what is there",
            operands: .exactly(2), operandKind: .volumes,
            assign: { command, operands in
                command.name = operands[0]
                command.archive = operands[1]
            })
    }

    func run(in session: Session) throws(Problem) -> ExitCode {
        let volumes = try session.engine().volumes
        let file = try OperandFile.open(archive, what: "cannot read the archive \(archive)")
        try volumes.importArchive(file, into: name)
        return .success
    }
}
