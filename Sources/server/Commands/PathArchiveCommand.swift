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
        // Names may begin as flags do, so that those come first.
        var owners = OwnerFlags()
        var names = arguments[...]
        while let flag = names.first, ["--users", "--groups"].contains(flag), names.count > 3 {
            var reading = FlagReading(Array(names.dropFirst().prefix(1)), of: "archive")
            _ = try owners.take(flag, from: &reading)
            names = names.dropFirst(2)
        }
        guard (2...3).contains(names.count) else {
            throw FlagReading(arguments, of: "archive").mistake(
                "it needs a directory, a name, and perhaps a new name")
        }
        let words = Array(names)
        archive = PathArchive(
            directory: FilePath(words[0]), name: words[1],
            as: words.count == 3 ? words[2] : nil, ownersIn: owners.maps)
    }

    func run() -> Never {
        let output = EventOutput()
        HelperRun.run(output) { () throws(Problem) in
            output.write(try archive.write(to: OwnedFD(adopting: 3)).json)
        }
    }
}
