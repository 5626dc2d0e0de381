import Diagnostics
import Linux
import OCI
import Registry
import Storage
import SystemPackage
import Unpacking

/// `kade-server load` and `kade-server import`: bring images from archives into the store and
/// report in JSON lines.
struct ArchiveCommand {
    let arguments: ArchiveArguments
    private let output = EventOutput()

    init(_ arguments: ArchiveArguments) {
        self.arguments = arguments
    }

    /// Takes in all images of an archive or a layout.
    func load() -> Never {
        run { store, layers throws(Problem) in
            let file = ArchiveFile(path: arguments.archive)
            let trust = try ImageTrust.ofUser(policyFile: nil)
            if let image = arguments.daemonImage {
                try trust.admit(daemonImage: image)
            } else {
                try trust.admit(archive: file.isStandardInput ? "/dev/stdin" : file.path)
            }
            let archive = ImageArchive(
                store: store, layers: layers, platforms: arguments.platforms,
                choice: arguments.choice)
            guard file.isStandardInput else {
                return try archive.load(from: file.path) { output.write($0.event) }
            }
            return try archive.load(from: file.open(to: "load"), named: file.name) {
                output.write($0.event)
            }
        }
    }

    /// Makes an image of one layer from a root file system's archive.
    func importRootfs() -> Never {
        run { store, layers throws(Problem) in
            let configuration = try configuration()
            let archive = ArchiveFile(path: arguments.archive)
            let descriptor = try RootfsImport(store: store, layers: layers).run(
                from: archive.open(to: "import"), named: archive.name,
                configuration: configuration,
                as: arguments.reference)
            let references = arguments.reference.map { [$0] } ?? []
            return [ImageArchive.Image(references: references, descriptor: descriptor)]
        }
    }

    private func configuration() throws(Problem) -> ImageConfiguration {
        guard let path = arguments.configuration else {
            throw Problem(
                kind: .invalid, what: "cannot import \(arguments.archive)",
                why: "--configuration is missing", fix: "see: kade-server --help")
        }
        let bytes = try asking("cannot read \(path)") { () throws(SystemCallError) in
            try File.read(path)
        }
        return try ImageConfiguration(json: bytes, named: "\(path)")
    }

    private func run(
        _ body: (ContentStore, Layers) throws(Problem) -> [ImageArchive.Image]
    ) -> Never {
        HelperRun.run(output) { () throws(Problem) in
            let images = try body(
                try ContentStore(root: arguments.root), try Layers.receiving(root: arguments.root))
            for image in images { output.write(image.json) }
        }
    }
}

extension ImageArchive.Event {
    /// The event as it is reported.
    fileprivate var event: PullEvent {
        switch self {
        case .layer(let diffID, let isPresent):
            .layer(
                digest: diffID, status: isPresent ? .exists : .extracting, current: 0, total: 0)
        }
    }
}

extension ImageArchive.Image {
    /// The event of an image that is in the store.
    var json: JSONValue {
        [
            "event": "image", "references": .array(references.map { .string("\($0)") }),
            "mediaType": .string(descriptor.mediaType.rawValue),
            "digest": .string("\(descriptor.digest)"),
            "size": .number(JSONNumber(descriptor.size)),
        ]
    }
}
