import Build
import Diagnostics
import Engine
import Linux
import OCI
import SystemPackage

/// `kade build`: makes an image of a Dockerfile and its context.
struct BuildCommand: Command {
    var tags: [String] = []
    var dockerfile: String?
    var arguments: [String] = []
    var labels: [Label] = []
    var target: String?
    var isWithoutCache = false
    var cacheSources: [CachePlace] = []
    var cacheTargets: [CacheExport] = []
    var uncachedStages: [[String]] = []
    var pull = BasePullPolicy.missing
    var pullsAlways = false
    var pullsNever = false
    var squashes = false
    var squashesAll = false
    var keepsLayers = true
    var removesAlways = false
    var argumentFiles: [String] = []
    var environment: [String] = []
    var unsetEnvironment: [String] = []
    var firstBase: String?
    var ignoreFile: String?
    var sourcePolicyFile: String?
    var epochInSeconds: Int64?
    var omitsHistory = false
    var os: String?
    var architecture: String?
    var variant: String?
    var isQuiet = false
    var explainsWhy = false
    var idFile: String?
    var metadataFile: String?
    var network = BuildNetwork.standard
    var extraHosts: [String] = []
    var secrets: [BuildSecretFlag] = []
    var agents: [BuildAgentFlag] = []
    var contexts: [BuildContextFlag.Named] = []
    var platforms: [String] = []
    var output = BuildOutput.image(ImageOutput())
    var pushes = false
    var provenance: AttestationRequest.Provenance?
    var listsPackages = false
    var attestations: [AttestationFlag] = []
    var annotations: [[ImageAnnotation]] = []
    var entitlements: [BuildEntitlement] = []
    var call = BuildCall.build
    var onlyChecks = false
    var progress = BuildProgress.auto
    var resources = ResourceRequest()
    var context = ""

    static var grammar: Grammar<BuildCommand> {
        Grammar(
            name: "build", synopsis: "[OPTIONS] PATH | URL | -",
            summary: "Build an image from a Dockerfile",
            discussion:
                "The same Dockerfile, files and base image give the same image, whenever and"
                + " wherever they are built: times in the image are those of the base image, or"
                + " SOURCE_DATE_EPOCH where that is set or given as a build argument. With --why"
                + " each step says why it was done again.\n\nRUN is on the network of containers"
                + " that name none, unless --network says otherwise.",
            flags: imageFlags + inputFlags + displayFlags + limitFlags + podmanFlags
                + dockerDefaults + unsupportedFlags,
            operands: .exactly(1), operandKind: .files, assign: { $0.context = $1[0] })
    }

    func run(in session: Session) throws(Problem) -> ExitCode {
        let engine = try session.engine()
        if onlyChecks { return try check(with: engine, in: session) }
        switch call {
        case .build: break
        case .check: return try check(with: engine, in: session)
        case .outline, .targets, .describe: return try answer(with: engine, in: session)
        }
        // The programs of RUN inherit it, so that their files have the same modes everywhere.
        _ = setFileModeMask(0o022)
        try PrivateMounts.enter()
        try engine.steps.removeLeftovers()
        var inputs = try BuildInputs(
            context: context, dockerfile: dockerfile, ignoreFile: ignoreFile,
            keepsHistory: arguments.contains("BUILDKIT_CONTEXT_KEEP_GIT_DIR=1"), steps: engine.steps
        ).find()
        defer { withExtendedLifetime(inputs) {} }
        let request = try request(&inputs, in: session)
        let emptied = try emptiedDirectory(inputs, request, in: session)
        try emptied?.check()
        let display = BuildDisplay(
            on: session.error, progress: isQuiet ? .quiet : progress, explainsWhy: explainsWhy)
        defer { engine.steps.flushLayers() }
        let interruption = try BuildInterruption()
        try interruption.tripOnSignals()
        do throws(Problem) {
            var done: [FinishedBuild] = []
            for part in try parts(of: request) {
                let build = try ImageBuild(
                    part, with: engine, interruption: interruption
                ) { event in display.show(event) }
                done.append(FinishedBuild(build: build, result: try build.run()))
            }
            try emptied?.empty()
            try finish(done, display, in: session)
            guard let last = done.last else { return .success }
            try last.build.exportCaches(of: last.result)
            try display.summarize(
                CheckReport(last.build.checks(), of: request).summary(
                    withDetails: session.globals.level <= .debug))
        } catch {
            try display.end(failed: true)
            throw error
        }
        return .success
    }

    /// A request for each platform.
    private func parts(of request: BuildRequest) throws(Problem) -> [BuildRequest] {
        let platforms = try wantedPlatforms()
        guard platforms.count > 1 else { return [request] }
        return platforms.map { platform in
            var part = request
            part.platform = platform
            part.namesPlatform = true
            return part
        }
    }

    /// `--call=outline` and the like: answers a question about the Dockerfile.
    private func answer(with engine: Engine, in session: Session) throws(Problem) -> ExitCode {
        let inputs = try BuildInputs(
            context: context, dockerfile: dockerfile, ignoreFile: ignoreFile,
            keepsHistory: false, steps: engine.steps
        ).find()
        defer { withExtendedLifetime(inputs) {} }
        var request = BuildRequest(dockerfile: inputs.dockerfile, dockerfileName: inputs.name)
        try addArguments(to: &request, in: session)
        request.target = target
        request.platform = try wantedPlatforms().first
        switch call {
        case .build, .check: break
        case .outline(let isJSON):
            let outline = try BuildOutline(request)
            try write(isJSON, outline.json, outline.text, in: session)
        case .targets(let isJSON):
            let targets = try BuildTargets(request)
            try write(isJSON, targets.json, targets.text, in: session)
        case .describe(let isJSON):
            try write(isJSON, BuildQuestions.json, BuildQuestions.text, in: session)
        }
        return .success
    }

    private func write(
        _ isJSON: Bool, _ json: JSONValue, _ text: String, in session: Session
    ) throws(Problem) {
        guard isJSON else { return try session.output.write(text) }
        try session.output.writeLine(json.jsonString(.indented(spaces: 2)))
    }

    /// `--check`: looks at the Dockerfile and builds nothing.
    private func check(with engine: Engine, in session: Session) throws(Problem) -> ExitCode {
        var inputs = try BuildInputs(
            context: context, dockerfile: dockerfile, ignoreFile: ignoreFile,
            keepsHistory: arguments.contains("BUILDKIT_CONTEXT_KEEP_GIT_DIR=1"), steps: engine.steps
        ).find()
        defer { withExtendedLifetime(inputs) {} }
        let request = try request(&inputs, in: session)
        let outcome = BuildChecks.run(
            request, coversAllStages: target == nil, with: engine)
        let report = CheckReport(outcome, of: request)
        var ignoresStatus = false
        var isJSON = false
        if case .check(let json, let ignores) = call { (isJSON, ignoresStatus) = (json, ignores) }
        if isJSON {
            try session.output.writeLine(report.json.jsonString(.indented(spaces: 2)))
        } else {
            try session.output.write(report.text)
            if let problem = outcome.problem { throw problem }
        }
        let isClean = outcome.warnings.isEmpty && outcome.problem == nil
        return isClean || ignoresStatus ? .success : .failure
    }

    private func finish(
        _ done: [FinishedBuild], _ display: BuildDisplay, in session: Session
    ) throws(Problem) {
        switch output {
        case .directory(let target):
            let directory = FilePath(target.path)
            for part in done {
                // Each of several platforms has a directory of its own, as with Docker's builder.
                let isSplit = done.count > 1 && target.splitsPlatforms
                let name = isSplit ? part.directoryName : nil
                try part.build.writeFiles(
                    of: part.result, to: name.map { directory.appending($0) } ?? directory)
            }
            try display.end(failed: false)
        case .archive(let path):
            guard let part = done.first, done.count == 1 else {
                throw Problem(
                    kind: .unsupported, what: "cannot write several platforms as type=tar",
                    why: "an archive has the files of one",
                    fix: "--output type=local has a directory for each")
            }
            try ArchiveOutput.write(to: path, "build") { file throws(Problem) in
                try part.build.writeArchive(of: part.result, to: file)
            }
            try display.end(failed: false)
        case .image, .imageArchive: try finishImage(done, display, in: session)
        }
    }

    private func finishImage(
        _ done: [FinishedBuild], _ display: BuildDisplay, in session: Session
    ) throws(Problem) {
        var manifests: [BuiltManifest] = []
        for part in done { manifests.append(try part.build.makeManifest(of: part.result)) }
        guard let last = done.last else { return }
        let image = try last.build.makeImage(of: manifests)
        // Up to now the builds protect what they made.
        withExtendedLifetime(done) {}
        try display.end(failed: false)
        try display.report(image)
        if let idFile { try write("\(image.id)", to: idFile, flag: "--iidfile") }
        if let metadataFile {
            try write(image.metadata.jsonString(), to: metadataFile, flag: "--metadata-file")
        }
        if case .imageArchive(let format, let path) = output {
            let names = image.names.isEmpty ? ["\(image.id)"] : image.names
            let images = try session.engine().images
            try ArchiveOutput.write(to: path, "build") { file throws(Problem) in
                try images.save(SaveRequest(names: names, format: format), to: file)
            }
            return
        }
        if pushesImage { try push(image, in: session) }
        if isQuiet { try session.output.writeLine("\(image.id)") }
    }

    /// `--push`, or an output that says so.
    private var pushesImage: Bool {
        if case .image(let options) = output { return pushes || options.pushes }
        return false
    }

    private func push(_ image: BuiltImage, in session: Session) throws(Problem) {
        for name in image.names {
            var progress = ProgressDisplay(
                on: session.error, style: .fitting(session.error, isQuiet: isQuiet))
            var request = TransferRequest(name)
            if case .image(let options) = output, let encoding = options.encoding {
                request.encoding = encoding
            }
            try session.engine().images.push(request) { event in
                progress.show(event)
            }
            if let failure = progress.failure { throw failure }
        }
    }

    private func write(_ text: String, to file: String, flag: String) throws(Problem) {
        do {
            try File.create(
                FilePath(file), content: Array(text.utf8),
                permissions: FilePermissions(rawValue: 0o644))
        } catch {
            throw Problem(
                kind: .denied, what: "cannot write \(file) for \(flag)", why: "\(error.errno)",
                cause: error)
        }
    }
}

/// A build for one platform, and what came of it.
private struct FinishedBuild {
    let build: ImageBuild
    let result: StageResult

    /// `linux_arm64`, as Docker's builder names it.
    var directoryName: String {
        let platform = result.platform
        return [platform.os, platform.architecture, platform.variant ?? ""]
            .filter { !$0.isEmpty }.joined(separator: "_")
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
