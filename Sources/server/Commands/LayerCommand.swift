import Diagnostics
import Linux
import OCI
import Storage
import SystemPackage
import Unpacking

/// `kade-server layer`: makes a layer of what a build's instruction changed, or one of several.
struct LayerCommand {
    private let root: FilePath
    /// The directories of the layers below, the uppermost first.
    private let lower: [FilePath]
    private let source: Source
    private let latestTime: FileTime?
    private let mountPoints: Set<String>

    private enum Source {
        /// `--upper` or `--copy`: what was changed.
        case changes(Snapshot)
        /// `--base`: all layers over so many, which are named before them.
        case layers(over: Int)
    }

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
                guard
                    ["--root", "--upper", "--copy", "--base", "--latest-time"].contains(flag)
                else {
                    throw reading.mistake("it does not know the flag \(flag)")
                }
                values[flag] = try reading.value(of: flag)
            }
        }
        if let changes = Snapshot(values, lower: lower, ownersIn: nil) {
            source = .changes(changes)
        } else if let count = values["--base"].flatMap({ Int($0) }),
            (0..<lower.count).contains(count)
        {
            source = .layers(over: count)
        } else {
            throw reading.mistake("--upper, --copy or --base with a number of layers is needed")
        }
        self.lower = lower
        self.mountPoints = mountPoints
        root = FilePath(values["--root"] ?? "/var/lib/kade")
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
            let options = LayerOptions(
                compression: .uncompressed, latestTime: latestTime,
                withoutMountPoints: mountPoints, ownersIn: nil)
            let layers = try Layers.receiving(root: root)
            let layer =
                switch source {
                case .changes(let changes):
                    try store.writeLayer(of: changes, options, into: layers, under: lease)
                case .layers(let count):
                    try store.writeSquashedLayer(
                        of: Array(lower.dropFirst(count)), over: Array(lower.prefix(count)),
                        options,
                        into: layers, under: lease)
                }
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
