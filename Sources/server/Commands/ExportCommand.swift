import Diagnostics
import Linux
import OCI
import SystemPackage
import Unpacking

/// `kade-server export`: writes what stacked layers show as a tar archive to descriptor 3.
struct ExportCommand {
    /// The layers' directories, the uppermost first.
    private let layers: [FilePath]
    private let owners: UserMaps?

    /// Reads the arguments after "export".
    init(parsing arguments: [String]) throws(Problem) {
        var reading = FlagReading(arguments, of: "export")
        var layers: [FilePath] = []
        var owners = OwnerFlags()
        while let argument = reading.next() {
            switch argument {
            case .flag(let flag):
                guard try owners.take(flag, from: &reading) else {
                    throw reading.mistake("it does not know the flag \(flag)")
                }
            case .name(let name): layers.append(FilePath(name))
            }
        }
        guard !layers.isEmpty else { throw reading.mistake("it needs the directories of layers") }
        self.layers = layers
        self.owners = owners.maps
    }

    func run() -> Never {
        let output = EventOutput()
        HelperRun.run(output) { () throws(Problem) in
            let tally = try TreeArchive(layers: layers, latestTime: nil, ownersIn: owners).write(
                to: OwnedFD(adopting: 3), named: "the archive")
            output.write(tally.json)
        }
    }
}

extension ArchiveTally {
    /// The event of an archive that was written.
    var json: JSONValue {
        [
            "event": "archive", "entries": .number(JSONNumber(Int64(entries))),
            "skippedSockets": .number(JSONNumber(Int64(skippedSockets))),
            "skippedAttributes": .number(JSONNumber(Int64(skippedAttributes))),
            "shortenedFiles": .number(JSONNumber(Int64(shortenedFiles))),
        ]
    }
}
