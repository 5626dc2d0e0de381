import Diagnostics
import Linux
import SystemPackage

/// `kade manual --directory DIR`: writes the manual pages of all commands, for `make install`.
struct ManualCommand: Command {
    var directory: String?

    static var grammar: Grammar<ManualCommand> {
        Grammar(
            name: "manual", synopsis: "--directory DIR",
            summary: "Write the manual pages of all commands",
            flags: [.text("directory", nil, "dir", "Where the pages go", \.directory)],
            operands: .none)
    }

    func run(in session: Session) throws(Problem) -> ExitCode {
        guard let directory else {
            throw Problem(
                kind: .invalid, what: "'kade manual' requires a directory", why: "none was given",
                fix: "kade manual --directory DIR")
        }
        for page in ManualPage.all {
            let path = FilePath(directory).appending("\(page.name).1")
            do {
                try File.create(
                    path, content: Array(page.text.utf8),
                    permissions: FilePermissions(rawValue: 0o644))
            } catch {
                throw Problem(
                    kind: .denied, what: "cannot write \(path)", why: "\(error.errno)", cause: error
                )
            }
        }
        return .success
    }
}
