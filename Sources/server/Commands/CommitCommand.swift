import Diagnostics
import Linux
import OCI
import Storage
import SystemPackage
import Unpacking

/// `kade-server commit`: makes an image of what a container changed.
struct CommitCommand {
    private let root: FilePath
    private let commit: ImageCommit
    private let latestTime: FileTime?
    private let owners: UserMaps?

    /// Reads the arguments after "commit".
    init(parsing arguments: [String]) throws(Problem) {
        var reading = FlagReading(arguments, of: "commit")
        var values: [String: String] = [:]
        var lower: [FilePath] = []
        var owners = OwnerFlags()
        while let argument = reading.next() {
            switch argument {
            case .name(let name): lower.append(FilePath(name))
            case .flag(let flag):
                if try owners.take(flag, from: &reading) { continue }
                guard
                    [
                        "--root", "--base", "--configuration", "--upper", "--copy",
                        "--reference", "--latest-time",
                    ].contains(flag)
                else { throw reading.mistake("it does not know the flag \(flag)") }
                values[flag] = try reading.value(of: flag)
            }
        }
        guard let base = values["--base"], let file = values["--configuration"],
            let changes = Snapshot(values, lower: lower, ownersIn: owners.maps)
        else {
            throw reading.mistake("--base, --configuration and --upper or --copy are needed")
        }
        root = FilePath(values["--root"] ?? "/var/lib/kade")
        self.owners = owners.maps
        let bytes = try asking("cannot read \(file)") { () throws(SystemCallError) in
            try File.read(FilePath(file))
        }
        commit = ImageCommit(
            changes: changes,
            base: try Digest(parsing: base),
            configuration: try ImageConfiguration(json: bytes, named: file),
            reference: try values["--reference"].map { text throws(Problem) in
                try ImageReference(parsing: text)
            })
        latestTime = try values["--latest-time"].map { text throws(Problem) in
            guard let seconds = Int64(text) else {
                throw reading.mistake("--latest-time is a number of seconds, not \(text)")
            }
            return FileTime(seconds: seconds, nanoseconds: 0)
        }
    }

    /// Writes the image and reports it in a JSON line.
    func run() -> Never {
        let output = EventOutput()
        HelperRun.run(output) { () throws(Problem) in
            // The layer is kept as the plain archive, as those of `import`: its digest is the same
            // on every machine, and a push compresses it.
            let committed = try commit.run(
                in: try ContentStore(root: root), try .receiving(root: root),
                LayerOptions(
                    compression: .uncompressed, latestTime: latestTime,
                    withoutMountPoints: RuntimeMountPoints.paths, ownersIn: owners))
            output.write(committed.tally.json)
            let references = commit.reference.map { [$0] } ?? []
            output.write(
                ImageArchive.Image(references: references, descriptor: committed.descriptor).json)
        }
    }
}

extension Snapshot {
    /// What `--upper` or `--copy` names; nil without them.
    init?(_ values: [String: String], lower: [FilePath], ownersIn owners: UserMaps?) {
        if let copy = values["--copy"] {
            self = .copy(LayerCopy(at: FilePath(copy), lower: lower, ownersIn: owners))
        } else if let upper = values["--upper"] {
            self = .overlay(OverlayMount(lower: lower, upper: FilePath(upper), work: nil))
        } else {
            return nil
        }
    }
}
