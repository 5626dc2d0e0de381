import Diagnostics
import Linux
import OCI
import SystemPackage
import Unpacking

/// `kade-server archive`: writes a file, or a directory with its content, as a tar archive to
/// descriptor 3.
struct PathArchiveCommand {
    private let archive: PathArchive

    /// Reads the arguments after "archive": a directory, a name in it, and its name in the archive.
    init(parsing arguments: [String]) throws(Problem) {
        let reading = FlagReading(arguments, of: "archive")
        guard (2...3).contains(arguments.count) else {
            throw reading.mistake("it needs a directory, a name, and perhaps a new name")
        }
        archive = PathArchive(
            directory: FilePath(arguments[0]), name: arguments[1],
            as: arguments.count == 3 ? arguments[2] : nil)
    }

    func run() -> Never {
        let output = EventOutput()
        HelperRun.run(output) { () throws(Problem) in
            output.write(try archive.write(to: OwnedFD(adopting: 3)).json)
        }
    }
}
