import Diagnostics
import Linux
import OCI
import Storage
import SystemPackage
import Unpacking

/// `kade-server unpack`: unpacks an archive of files into the directory that is descriptor 3.
///
/// What is no archive is left alone, and the report says so; with --certain it is an error, and
/// the archive may be a pipe.
struct UnpackCommand {
    private let archive: FilePath
    private let isCertain: Bool

    /// Reads the arguments after "unpack".
    init(parsing arguments: [String]) throws(Problem) {
        let reading = FlagReading(arguments, of: "unpack")
        isCertain = arguments.first == "--certain"
        let paths = arguments.dropFirst(isCertain ? 1 : 0)
        guard let path = paths.first, paths.count == 1, !path.hasPrefix("-") else {
            throw reading.mistake("it needs exactly one archive")
        }
        archive = FilePath(path)
    }

    /// Unpacks and reports in a JSON line.
    func run() -> Never {
        let output = EventOutput()
        HelperRun.run(output) { () throws(Problem) in
            let isArchive = isCertain ? true : try FileArchive.isArchive(archive)
            if isArchive {
                let directory = try asking("cannot open descriptor 3") {
                    () throws(SystemCallError) in
                    OpenDirectory(
                        adopting: try OwnedFD.open("/proc/self/fd/3", [.readOnly, .directory]))
                }
                try FileArchive.unpack(
                    archive, into: directory,
                    limit: try ArchiveLimit(environment: NetworkCommand.environment))
            }
            output.write(
                .object(
                    JSONObject([.init("event", "unpacked"), .init("isArchive", .bool(isArchive))])))
        }
    }
}
