import Diagnostics
import Linux
import OCI
import Storage
import SystemPackage
import Unpacking

/// `kade-server unpack`: unpacks an archive of files into the directory that is descriptor 3.
///
/// What is no archive is left alone, and the report says so; with --certain it is an error, and
/// the archive may be a pipe, or "-": standard input.
struct UnpackCommand {
    private let archive: ArchiveFile
    private let isCertain: Bool
    private let owners: UserMaps?

    /// Reads the arguments after "unpack".
    init(parsing arguments: [String]) throws(Problem) {
        var reading = FlagReading(arguments, of: "unpack")
        var isCertain = false
        var owners = OwnerFlags()
        var paths: [String] = []
        while let argument = reading.next() {
            switch argument {
            case .name(let name): paths.append(name)
            case .flag("--certain"): isCertain = try reading.bool(of: "--certain")
            case .flag(let flag):
                guard try owners.take(flag, from: &reading) else {
                    throw reading.mistake("it does not know the flag \(flag)")
                }
            }
        }
        guard paths.count == 1 else { throw reading.mistake("it needs exactly one archive") }
        archive = ArchiveFile(path: FilePath(paths[0]))
        guard isCertain || !archive.isStandardInput else {
            throw reading.mistake("only --certain reads standard input")
        }
        self.isCertain = isCertain
        self.owners = owners.maps
    }

    /// Unpacks and reports in a JSON line.
    func run() -> Never {
        let output = EventOutput()
        HelperRun.run(output) { () throws(Problem) in
            let isArchive = isCertain ? true : try FileArchive.isArchive(archive.path)
            if isArchive {
                let directory = try asking("cannot open descriptor 3") {
                    () throws(SystemCallError) in
                    OpenDirectory(
                        adopting: try OwnedFD.open("/proc/self/fd/3", [.readOnly, .directory]))
                }
                try FileArchive.unpack(
                    archive.open(to: "read"), named: archive.name, into: directory,
                    limit: try ArchiveLimit(environment: NetworkCommand.environment),
                    ownersIn: owners)
            }
            output.write(
                .object(
                    JSONObject([.init("event", "unpacked"), .init("isArchive", .bool(isArchive))])))
        }
    }
}
