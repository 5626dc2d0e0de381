import ContainerRuntime
package import Diagnostics
import Linux
package import OCI
import Storage
package import SystemPackage

extension ImageService {
    /// Reads a docker-archive, an oci-archive or an OCI layout.
    ///
    /// - Parameters:
    ///   - archive: a file or a directory; nil is standard input.
    ///   - platforms: of images for several, only these; empty for all that it holds.
    ///   - progress: is told of each layer.
    /// - Returns: the references (or IDs) that it held.
    /// - Throws: ``Problem`` when the archive is damaged or of another format.
    package func load(
        from archive: FilePath?, platforms: [String], progress: (TransferEvent) -> Void
    ) throws(Problem) -> [String] {
        try load(
            [], from: archive?.operand ?? ContentHelper.standardInput, input: 0,
            platforms: platforms, what: "cannot load \(archive?.string ?? "standard input")",
            progress: progress)
    }

    /// Runs the helper's `load` with flags of its own.
    func load(
        _ flags: [String], from operand: String, input: CInt, platforms: [String], what: String,
        progress: (TransferEvent) -> Void
    ) throws(Problem) -> [String] {
        var images: [JSONValue] = []
        _ = try ContentHelper(configuration: context.configuration).change(
            ["load", "--root", context.configuration.dataRoot.string] + flags
                + platforms.flatMap { ["--platform", $0] } + [operand],
            why: "the images of the archive get into the store, under their names", input: input,
            file: nil, what: what
        ) { line in
            if line["event"]?.string == "image" { images.append(line) }
            if let event = TransferEvent(line) { progress(event) }
        }
        var names: [String] = []
        for image in images {
            let references = image["references"]?.array?.compactMap(\.string) ?? []
            for reference in references {
                names.append(try ImageReference(parsing: reference).familiar)
            }
            let id = try context.imageID(of: image)
            if references.isEmpty { names.append(id) }
            context.tell(.load, of: .image, id, ["name": id])
        }
        return names
    }

    /// Takes in one image of an OCI layout, without a name.
    ///
    /// - Parameters:
    ///   - name: its digest or its tag; nil is the tag `latest`, or the only image.
    ///   - layout: the layout's directory.
    ///   - platform: of an image for several, only this one; nil for all that it has.
    ///   - progress: is told of each layer.
    /// - Returns: the digest of its manifest or index, which an entry of the store keeps.
    /// - Throws: `.notFound` when the layout has no such image.
    package func load(
        _ name: String?, ofLayout layout: FilePath, platform: Platform?,
        progress: (TransferEvent) -> Void
    ) throws(Problem) -> Digest {
        var arguments = [
            "load", "--root", context.configuration.dataRoot.string, "--only", name ?? "latest",
        ]
        if name == nil { arguments += ["--or-single", "true"] }
        if let platform { arguments += ["--platform", "\(platform)"] }
        var text: String?
        try ContentHelper(configuration: context.configuration).run(
            arguments + [layout.operand], input: nil, file: nil, what: "cannot load \(layout)"
        ) { line in
            if line["event"]?.string == "image" { text = line.text("digest") }
            if let event = TransferEvent(line) { progress(event) }
        }
        guard let digest = try text.map({ text throws(Problem) in try Digest(parsing: text) })
        else {
            throw Problem(
                kind: .bug, what: "cannot load \(layout)",
                why: "kade-server ended without a result")
        }
        return digest
    }

    /// Makes an image of one layer from a root file system's tar archive.
    ///
    /// - Returns: the image's ID; nil in a plan.
    package func importRootfs(_ request: ImportRequest) throws(Problem) -> String? {
        let platform = try request.platform.map { text throws(Problem) in
            try Platform(parsing: text)
        }
        let reference = try request.reference.map { text throws(Problem) in
            try ImageReference(parsing: text).withDefaultTag
        }
        var defaults = ImageConfiguration.Defaults()
        try request.change(&defaults)
        let wanted = platform ?? .host
        let created = Timestamp.now.rfc3339
        let configuration = ImageConfiguration(
            created: created, architecture: wanted.architecture, os: wanted.os,
            variant: wanted.variant, config: defaults, rootfs: .init(diffIDs: []),
            history: [
                .init(
                    created: created,
                    comment: request.message ?? "Imported from \(request.name)")
            ])
        let file = try explaining("cannot describe the image") { () throws(SystemCallError) in
            let file = try OwnedFD.memory(named: "configuration.json")
            try file.writeAll(configuration.json())
            return file
        }
        var arguments = [
            "import", "--root", context.configuration.dataRoot.string, "--configuration",
            "/proc/self/fd/3",
        ]
        if let reference { arguments += ["--reference", "\(reference)"] }
        var image: JSONValue?
        var input: OwnedFD?
        if case .address(let address) = request.source, let plan = context.plan {
            plan.note(.download(address), by: .engine)
        } else if case .address(let address) = request.source {
            let steps = StepService(context: context)
            let download = try steps.temporaryFile()
            try steps.download(address, into: download.rawValue)
            try explaining("cannot read \(address)") { () throws(SystemCallError) in
                try download.seek(toOffsetInBytes: 0)
            }
            input = consume download
        }
        let isDone = try ContentHelper(configuration: context.configuration).change(
            arguments + [request.operand],
            why: "an image of one layer, with what the archive has",
            input: input?.rawValue ?? 0, file: file.rawValue, what: "cannot import \(request.name)"
        ) { line in
            if line["event"]?.string == "image" { image = line }
        }
        guard isDone else { return nil }
        guard let image else {
            throw Problem(
                kind: .bug, what: "cannot import \(request.name)",
                why: "kade-server ended without a result")
        }
        let id = try context.imageID(of: image)
        if let reference { context.tell(.tag, of: .image, id, ["name": reference.familiar]) }
        context.tell(.import, of: .image, id, ["name": id])
        return id
    }
}

extension EngineContext {
    /// The ID of an image that the helper has put into the store.
    func imageID(of line: JSONValue) throws(Problem) -> String {
        let digest = try Digest(parsing: line.text("digest") ?? "")
        let descriptor = Descriptor(
            mediaType: MediaType(rawValue: line.text("mediaType") ?? ""), digest: digest,
            size: line.integer("size") ?? 0)
        return "\(try imageStore().id(of: References.Entry(name: nil, descriptor: descriptor)))"
    }
}

/// Changes what an image says of itself.
package typealias ImageChange =
    @Sendable (inout ImageConfiguration.Defaults) throws(Problem) -> Void

/// What `import` asks.
package struct ImportRequest: Sendable {
    /// The archive; compressed or not.
    package var source: Source
    /// The new image's name, or nil.
    package var reference: String?
    /// `-m`.
    package var message: String?
    /// `-c`: changes what the image says of itself.
    package var change: ImageChange = { _ in }
    /// `--platform`.
    package var platform: String?

    /// Where an archive comes from.
    package enum Source: Sendable {
        case file(FilePath)
        case standardInput
        /// One of the web.
        case address(String)
    }

    package init(_ source: Source) {
        self.source = source
    }

    /// What is imported, for people.
    var name: String {
        switch source {
        case .file(let path): path.string
        case .standardInput: "-"
        case .address(let address): address
        }
    }

    /// What the helper reads: what comes from the web is its standard input, too.
    var operand: String {
        if case .file(let path) = source { path.operand } else { ContentHelper.standardInput }
    }
}

extension FilePath {
    /// The path as an operand of the helper, which takes it neither for a flag nor for standard input.
    fileprivate var operand: String { string.hasPrefix("-") ? "./\(self)" : string }
}
