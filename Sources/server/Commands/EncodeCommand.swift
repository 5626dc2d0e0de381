import Diagnostics
import OCI
import Storage
import SystemPackage
import Unpacking

/// `kade-server encode`: compresses the layers of an image of the store that nothing names yet.
struct EncodeCommand {
    private let root: FilePath
    private let encoding: LayerEncoding
    private let image: Descriptor

    /// Reads the arguments after "encode".
    init(parsing arguments: [String]) throws(Problem) {
        var reading = FlagReading(arguments, of: "encode")
        var names: [String] = []
        var root: FilePath = "/var/lib/kade"
        var encoding = LayerEncoding(.gzip)
        while let argument = reading.next() {
            switch argument {
            case .name(let name): names.append(name)
            case .flag("--root"): root = FilePath(try reading.value(of: "--root"))
            case .flag(let flag):
                guard try reading.take(flag, into: &encoding) else {
                    throw reading.mistake("it does not know the flag \(flag)")
                }
            }
        }
        try reading.check(encoding)
        guard names.count == 3, let size = Int64(names[2]) else {
            throw reading.mistake("it needs a media type, a digest and a size")
        }
        self.root = root
        self.encoding = encoding
        image = Descriptor(
            mediaType: MediaType(rawValue: names[0]), digest: try Digest(parsing: names[1]),
            size: size)
    }

    /// Reports in a JSON line what takes the image's place.
    func run() -> Never {
        let output = EventOutput()
        HelperRun.run(output) { () throws(Problem) in
            let store = try ContentStore(root: root)
            let lease = SharedLease(try store.lease())
            let outcome = try ImageEncoding(
                encoding, limit: try ArchiveLimit(environment: NetworkCommand.environment),
                content: store
            ).apply(to: image, under: lease)
            output.write([
                "event": "encoded", "mediaType": .string(outcome.top.mediaType.rawValue),
                "digest": .string("\(outcome.top.digest)"),
                "size": .number(JSONNumber(outcome.top.size)),
            ])
            lease.end()
        }
    }
}
