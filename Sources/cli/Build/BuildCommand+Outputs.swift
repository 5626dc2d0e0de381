import Build
import Diagnostics
import Engine
import Linux
import OCI
import SystemPackage

/// Where the result of a build goes (`--output`).
extension BuildCommand {
    /// What `--output` says; an image of the store where it is not given.
    var wantedOutputs: [BuildOutput] { outputs.isEmpty ? [.image(ImageOutput())] : outputs }

    /// Refuses outputs that cannot be, before anything is built.
    func checkOutputs(of request: BuildRequest) throws(Problem) {
        var images: [ImageOutput] = []
        var hasOnlyOthers = true
        for output in wantedOutputs {
            switch output {
            case .image(let image):
                images.append(image)
                hasOnlyOthers = false
            case .imageArchive(let image, _, _): images.append(image)
            case .directory, .archive: continue
            }
        }
        guard !pushes || !hasOnlyOthers else {
            throw Problem(
                kind: .invalid, what: "cannot push the image",
                why: "--output makes something else of the build", fix: "leave out one of the two")
        }
        for image in images {
            guard
                !(image.pushes || pushes && !hasOnlyOthers) || !tags.isEmpty
                    || !image.form.names.isEmpty
            else {
                throw Problem(
                    kind: .invalid, what: "cannot push the image", why: "it has no name",
                    fix: "name it: --tag REGISTRY/NAME:TAG")
            }
            guard image.form.isDockers else { continue }
            let hasAnnotations = !(request.annotations + image.form.annotations).isEmpty
            let isAttested =
                request.attestations.provenance != nil || request.attestations.listsPackages
            guard !hasAnnotations, !isAttested else {
                throw Problem(
                    kind: .invalid, what: "cannot make an image with Docker's media types",
                    why: "Docker's manifests have no place for "
                        + (isAttested ? "attestations" : "annotations"),
                    fix: "leave oci-mediatypes=false out")
            }
        }
    }

    /// Whether files keep their times: `--rewrite-timestamp=false`, or what all outputs say.
    ///
    /// A build has one set of layers, so that images of both kinds take two builds.
    func keepsFileTimes() throws(Problem) -> Bool {
        var said: Set<Bool> = []
        for output in wantedOutputs {
            switch output {
            case .image(let image), .imageArchive(let image, _, _):
                said.insert(image.rewritesTimes ?? rewritesTimes)
            case .directory, .archive: continue
            }
        }
        guard said.count < 2 else {
            throw Problem(
                kind: .unsupported, what: "cannot make images with and without the files' times",
                why: "outputs differ in rewrite-timestamp, and one build has one set of layers",
                fix: "build twice, each with its own --output")
        }
        return !(said.first ?? rewritesTimes)
    }

    /// Writes, names and pushes what was built.
    func finish(
        _ done: [FinishedBuild], _ display: BuildDisplay, in session: Session
    ) throws(Problem) {
        var images: [MadeImage] = []
        for output in wantedOutputs {
            switch output {
            case .directory(let target): try write(done, to: target)
            case .archive(let path): try write(done, toArchive: path)
            case .image(var image):
                image.pushes = image.pushes || pushes
                images.append(
                    MadeImage(
                        output: image, image: try makeImage(of: done, as: image), archive: nil))
            case .imageArchive(let image, let format, let path):
                images.append(
                    MadeImage(
                        output: image, image: try makeImage(of: done, as: image),
                        archive: .init(format: format, path: path)))
            }
        }
        // Up to now the builds protect what they made.
        withExtendedLifetime(done) {}
        try display.end(failed: false)
        for made in images {
            try display.report(made.image)
            try report(made.image)
            if let archive = made.archive {
                try save(made.image, to: archive, in: session)
                continue
            }
            if made.output.pushes { try push(made, in: session) }
            if isQuiet { try session.output.writeLine("\(made.image.id)") }
        }
    }

    private func write(_ done: [FinishedBuild], to target: DirectoryOutput) throws(Problem) {
        let directory = FilePath(target.path)
        for part in done {
            // Each of several platforms has a directory of its own, as with Docker's builder.
            let isSplit = (done.count > 1 || part.build.wantsIndex) && target.splitsPlatforms
            let name = isSplit ? part.directoryName : nil
            try part.build.writeFiles(
                of: part.result, to: name.map { directory.appending($0) } ?? directory)
        }
    }

    private func write(
        _ done: [FinishedBuild], toArchive path: String?
    ) throws(Problem) {
        guard let part = done.first, done.count == 1 else {
            throw Problem(
                kind: .unsupported, what: "cannot write several platforms as type=tar",
                why: "an archive has the files of one",
                fix: "--output type=local has a directory for each")
        }
        try ArchiveOutput.write(to: path, "build") { file throws(Problem) in
            try part.build.writeArchive(of: part.result, to: file)
        }
    }

    private func makeImage(
        of done: [FinishedBuild], as output: ImageOutput
    ) throws(Problem) -> BuiltImage {
        var form = output.form
        // What is pushed is compressed now, so that its digest is known, and what is attested of
        // it names that one.
        if output.pushes, form.encoding == nil { form.encoding = LayerEncoding(.gzip) }
        var manifests: [BuiltManifest] = []
        for part in done {
            manifests.append(try part.build.makeManifest(of: part.result, as: form))
        }
        guard let last = done.last else {
            throw Problem(kind: .bug, what: "cannot make an image", why: "nothing was built")
        }
        return try last.build.makeImage(of: manifests, as: form)
    }

    /// `--iidfile` and `--metadata-file`; of several images the last one counts.
    private func report(_ image: BuiltImage) throws(Problem) {
        if let idFile {
            try FlagFile.write(
                "\(image.id)", to: idFile, what: "cannot write \(idFile) for --iidfile")
        }
        if let metadataFile {
            try FlagFile.write(
                image.metadata.jsonString(), to: metadataFile,
                what: "cannot write \(metadataFile) for --metadata-file")
        }
    }

    private func save(
        _ image: BuiltImage, to archive: MadeImage.Archive, in session: Session
    ) throws(Problem) {
        // Others may have the same ID, with layers that are compressed otherwise.
        let names = image.names.isEmpty ? ["\(image.manifest.digest)"] : image.names
        let images = try session.engine().images
        let request = SaveRequest(names: names, format: archive.format)
        if archive.format == "oci-dir", let path = archive.path {
            return try images.save(request, into: FilePath(path))
        }
        try ArchiveOutput.write(to: archive.path, "build") { file throws(Problem) in
            try images.save(request, to: file)
        }
    }

    private func push(_ made: MadeImage, in session: Session) throws(Problem) {
        for name in made.image.names {
            var progress = ProgressDisplay(
                on: session.error, style: .fitting(session.error, isQuiet: isQuiet))
            var request = TransferRequest(name)
            // Its layers are already what they shall be.
            request.encoding = LayerEncoding(.uncompressed)
            request.isInsecure = made.output.isInsecure
            try session.engine().images.push(request) { event in
                progress.show(event)
            }
            if let failure = progress.failure { throw failure }
        }
    }
}

/// A build for one platform, and what came of it.
struct FinishedBuild {
    let build: ImageBuild
    let result: StageResult

    /// `linux_arm64`, as Docker's builder names it.
    fileprivate var directoryName: String {
        let platform = result.platform
        return [platform.os, platform.architecture, platform.variant ?? ""]
            .filter { !$0.isEmpty }.joined(separator: "_")
    }
}

/// An image of the store that an output asked for.
private struct MadeImage {
    var output: ImageOutput
    var image: BuiltImage
    /// Where it is written, too.
    var archive: Archive?

    struct Archive {
        var format: String
        var path: String?
    }
}

extension BuiltImage {
    /// What `--metadata-file` says, with the names of Docker's builder.
    fileprivate var metadata: JSONValue {
        var json: JSONObject = [
            "containerimage.digest": .string("\(manifest.digest)")
        ]
        if let configuration {
            json.append("containerimage.config.digest", .string("\(configuration)"))
        }
        if !names.isEmpty { json["image.name"] = .string(names.joined(separator: ",")) }
        return .object(json)
    }
}
