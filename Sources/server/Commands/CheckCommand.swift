import Diagnostics
import OCI
import Storage
import SystemPackage
import Unpacking

/// `kade-server check`: verifies all that the image store holds, and reports each fault.
struct CheckCommand {
    private let root: FilePath

    /// Reads the arguments after "check".
    init(parsing arguments: [String]) throws(Problem) {
        var reading = FlagReading(arguments, of: "check")
        var root: FilePath = "/var/lib/kade"
        while let argument = reading.next() {
            switch argument {
            case .flag("--root"): root = FilePath(try reading.value(of: "--root"))
            case .flag(let flag): throw reading.mistake("it does not know the flag \(flag)")
            case .name(let name): throw reading.mistake("it takes no argument, but got \(name)")
            }
        }
        self.root = root
    }

    func run() -> Never {
        let output = EventOutput()
        HelperRun.run(output) { () throws(Problem) in
            let check = StoreCheck(
                store: try ContentStore(root: root), layers: try Layers(root: root))
            let tally = try check.run { fault in
                output.write([
                    "event": "fault", "kind": .string(fault.kind.rawValue),
                    "digest": .string("\(fault.digest)"), "why": .string(fault.why),
                ])
            }
            output.write([
                "event": "checked", "blobs": .number(JSONNumber(Int64(tally.blobs))),
                "blobsInBytes": .number(JSONNumber(tally.blobsInBytes)),
                "layers": .number(JSONNumber(Int64(tally.layers))),
                "uncomparedLayers": .number(JSONNumber(Int64(tally.uncomparedLayers))),
            ])
        }
    }
}
