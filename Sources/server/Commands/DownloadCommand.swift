import Diagnostics
import Linux
import OCI
import Registry
import SystemPackage

/// `kade-server download`: a file from the web into the file that is descriptor 3, for a build.
struct DownloadCommand {
    private let address: String

    /// Reads the arguments after "download".
    init(parsing arguments: [String]) throws(Problem) {
        let reading = FlagReading(arguments, of: "download")
        guard let address = arguments.first, arguments.count == 1, !address.hasPrefix("-") else {
            throw reading.mistake("it needs exactly one address")
        }
        self.address = address
    }

    /// Downloads and reports in a JSON line.
    func run() -> Never {
        NetworkCommand.run { [address] output throws(Problem) in
            let settings = try RegistrySettings(
                verifiesTLS: true, authFile: nil, environment: NetworkCommand.environment)
            let download = try WebDownload(address, settings: settings)
            let file: OwnedFD
            do throws(SystemCallError) {
                file = try OwnedFD.open("/proc/self/fd/3", [.writeOnly, .truncate])
            } catch {
                throw Problem(
                    kind: .bug, what: "cannot download \(address)", why: "\(error)", cause: error)
            }
            let size = try await download.run(into: file)
            output.write(
                .object(
                    JSONObject([
                        .init("event", "downloaded"), .init("size", .number(JSONNumber(size))),
                    ])))
        }
    }
}
