import Diagnostics
import Linux
import OCI
import Storage
import SystemPackage
import Unpacking

/// `kade-server save`: writes images to descriptor 3, or into a directory.
struct SaveCommand {
    private let root: FilePath
    private let format: ImageSaving.Format
    private let platforms: [Platform]
    private let directory: FilePath?
    /// Digests of manifests and indexes, each with its names: `DIGEST[=REFERENCE[,REFERENCE…]]`.
    private let images: [String]

    /// Reads the arguments after "save".
    init(parsing arguments: [String]) throws(Problem) {
        var reading = FlagReading(arguments, of: "save")
        var root: FilePath = "/var/lib/kade"
        var format = ImageSaving.Format.docker
        var platforms: [Platform] = []
        var directory: FilePath?
        var images: [String] = []
        while let argument = reading.next() {
            switch argument {
            case .name(let name): images.append(name)
            case .flag("--root"): root = FilePath(try reading.value(of: "--root"))
            case .flag("--directory"):
                directory = FilePath(try reading.value(of: "--directory"))
            case .flag("--platform"):
                platforms.append(try Platform(parsing: try reading.value(of: "--platform")))
            case .flag("--format"):
                let text = try reading.value(of: "--format")
                guard let known = ImageSaving.Format(rawValue: text) else {
                    throw reading.mistake("it does not know the format \(text)")
                }
                format = known
            case .flag(let flag): throw reading.mistake("it does not know the flag \(flag)")
            }
        }
        guard !images.isEmpty, format.isDirectory == (directory != nil) else {
            throw reading.mistake("it needs images, and a directory where the format is one")
        }
        self.root = root
        self.format = format
        self.platforms = platforms
        self.directory = directory
        self.images = images
    }

    func run() -> Never {
        let output = EventOutput()
        HelperRun.run(output) { () throws(Problem) in
            let store = try ContentStore(root: root)
            let saving = ImageSaving(store: store, layers: try Layers(root: root))
            let items = try items(in: store)
            if let directory {
                try saving.save(items, as: format, platforms: platforms, into: directory)
            } else {
                try saving.save(
                    items, as: format, platforms: platforms, to: OwnedFD(adopting: 3),
                    named: "the archive")
            }
        }
    }

    private func items(in store: ContentStore) throws(Problem) -> [ImageSaving.Item] {
        let entries = try store.references.list()
        var items: [ImageSaving.Item] = []
        for image in images {
            let parts = image.split(separator: "=", maxSplits: 1).map(String.init)
            let digest = try Digest(parsing: parts[0])
            guard let entry = entries.first(where: { $0.descriptor.digest == digest }) else {
                throw Problem(
                    kind: .notFound, what: "cannot save \(digest)",
                    why: "the image store does not name it any more")
            }
            var references: [ImageReference] = []
            for name in parts.count > 1 ? parts[1].split(separator: ",") : [] {
                references.append(try ImageReference(parsing: String(name)))
            }
            items.append(.init(references: references, descriptor: entry.descriptor))
        }
        return items
    }
}
