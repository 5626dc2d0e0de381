import Diagnostics
import Linux
import OCI
import Storage
import SystemPackage
import Unpacking

/// `kade-server layer`: makes a layer of what a build's instruction changed.
struct LayerCommand {
    private let root: FilePath
    private let changes: OverlayMount
    private let latestTime: FileTime?
    private let mountPoints: Set<String>

    /// Reads the arguments after "layer".
    init(parsing arguments: [String]) throws(Problem) {
        var reading = FlagReading(arguments, of: "layer")
        var values: [String: String] = [:]
        var lower: [FilePath] = []
        var mountPoints: Set<String> = []
        while let argument = reading.next() {
            switch argument {
            case .name(let name): lower.append(FilePath(name))
            case .flag("--mount-point"):
                mountPoints.insert(try reading.value(of: "--mount-point"))
            case .flag(let flag):
                guard ["--root", "--upper", "--latest-time"].contains(flag) else {
                    throw reading.mistake("it does not know the flag \(flag)")
                }
                values[flag] = try reading.value(of: flag)
            }
        }
        guard let upper = values["--upper"] else { throw reading.mistake("--upper is needed") }
        self.mountPoints = mountPoints
        root = FilePath(values["--root"] ?? "/var/lib/kade")
        changes = OverlayMount(lower: lower, upper: FilePath(upper), work: nil)
        latestTime = try values["--latest-time"].map { text throws(Problem) in
            guard let seconds = Int64(text) else {
                throw reading.mistake("--latest-time is a number of seconds, not \(text)")
            }
            return FileTime(seconds: seconds, nanoseconds: 0)
        }
    }

    /// Writes the layer and reports it in a JSON line; the builder's lease keeps it afterwards.
    func run() -> Never {
        let output = EventOutput()
        HelperRun.run(output) { () throws(Problem) in
            let store = try ContentStore(root: root)
            let lease = try store.lease()
            let layer = try store.writeLayer(
                of: changes,
                LayerOptions(
                    compression: .uncompressed, latestTime: latestTime,
                    withoutMountPoints: mountPoints),
                into: try .receiving(root: root), under: lease)
            output.write(layer.json)
            withExtendedLifetime(lease) {}
        }
    }
}

extension NewLayer {
    /// The layer as the builder reads it.
    fileprivate var json: JSONValue {
        .object(
            JSONObject([
                .init("event", "layer"),
                .init("mediaType", .string(descriptor.mediaType.rawValue)),
                .init("digest", .string("\(descriptor.digest)")),
                .init("size", .number(JSONNumber(descriptor.size))),
                .init("diffID", .string("\(diffID)")),
                .init("entries", .number(JSONNumber(tally.entries))),
            ]))
    }
}
