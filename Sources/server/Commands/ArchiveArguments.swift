import Diagnostics
import OCI
import SystemPackage
import Unpacking

/// What `kade-server load` and `kade-server import` are asked to do.
struct ArchiveArguments: Equatable {
    /// The data root.
    var root: FilePath = "/var/lib/kade"
    /// The file with the configuration of the image that `import` makes.
    var configuration: FilePath?
    /// The name of the image that `import` makes.
    var reference: ImageReference?
    /// Of images for several platforms, the ones that `load` takes; empty for all.
    var platforms: [Platform] = []
    /// The one image that `load` takes, without its names; nil for all.
    var choice: ImageArchive.Choice?
    /// The image of Docker's daemon that the archive of `load` is; nil for an archive of its own.
    var daemonImage: String?
    /// The archive, "-" for standard input; `load` takes the directory of a layout too.
    var archive: FilePath

    /// Reads the arguments after the command.
    init(parsing arguments: [String], of command: String) throws(Problem) {
        var rest = arguments[...]
        var archives: [String] = []
        var values: [String: String] = [:]
        let flags =
            ["--root"]
            + (command == "import"
                ? ["--configuration", "--reference"]
                : ["--platform", "--only", "--or-single", "--daemon-image"])
        while let argument = rest.popFirst() {
            guard argument.hasPrefix("-"), argument != "-" else {
                archives.append(argument)
                continue
            }
            guard flags.contains(argument), let value = rest.popFirst(), !value.isEmpty else {
                throw Self.mistake(command, "\(argument) is no flag of it, or has no value")
            }
            if argument == "--platform" {
                platforms.append(try Platform(parsing: value))
            } else {
                values[argument] = value
            }
        }
        guard let archive = archives.first, archives.count == 1 else {
            throw Self.mistake(command, "it needs exactly one archive and got \(archives.count)")
        }
        self.archive = FilePath(archive)
        if let root = values["--root"] { self.root = FilePath(root) }
        choice = values["--only"].map {
            ImageArchive.Choice(name: $0, orSingle: values["--or-single"] == "true")
        }
        daemonImage = values["--daemon-image"]
        configuration = values["--configuration"].map { FilePath($0) }
        reference = try values["--reference"].map { text throws(Problem) in
            try ImageReference(parsing: text)
        }
    }

    private static func mistake(_ command: String, _ why: String) -> Problem {
        Problem(
            kind: .invalid, what: "cannot \(command)", why: why, fix: "see: kade-server --help")
    }
}
