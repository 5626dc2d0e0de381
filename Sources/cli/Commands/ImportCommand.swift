import Build
import Diagnostics
import Engine
import SystemPackage

/// `kade import`: makes an image of a root file system's archive.
struct ImportCommand: Command {
    var changes: [String] = []
    var message: String?
    var platform: String?
    var archive = ""
    var reference: String?

    static let canPlan = true

    static var grammar: Grammar<ImportCommand> {
        Grammar(
            name: "import", synopsis: "[OPTIONS] file|URL|- [REPOSITORY[:TAG]]",
            summary: "Import the contents from a tarball to create a filesystem image",
            flags: [
                .list(
                    "change", "c", "list", "Apply Dockerfile instruction to the created image",
                    \.changes),
                .text("message", "m", "string", "Set commit message for imported image", \.message),
                .text(
                    "platform", nil, "string", "Set platform, as os[/architecture[/variant]]",
                    \.platform),
            ], operands: .between(1, 2), operandKind: .files,
            assign: { command, operands in
                command.archive = operands[0]
                command.reference = operands.count > 1 ? operands[1] : nil
            })
    }

    func run(in session: Session) throws(Problem) -> ExitCode {
        let isAddress = archive.hasPrefix("http://") || archive.hasPrefix("https://")
        var request = ImportRequest(
            isAddress
                ? .address(archive) : archive == "-" ? .standardInput : .file(FilePath(archive)))
        let changes = try ImageChanges(changes)
        request.change = { defaults throws(Problem) in try changes.apply(to: &defaults) }
        request.message = message
        request.platform = platform
        request.reference = reference
        if let id = try session.engine().images.importRootfs(request) {
            try session.output.writeLine(id)
        }
        return .success
    }
}
