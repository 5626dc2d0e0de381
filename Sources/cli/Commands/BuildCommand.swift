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
    var epochInSeconds: Int64?
    var omitsHistory = false
    var os: String?
    var architecture: String?
    var variant: String?
    var isQuiet = false
    var explainsWhy = false
    var idFile: String?
    var metadataFile: String?
    var network = NamespaceMode.isolated
    var extraHosts: [String] = []
    var secrets: [BuildSecretFlag] = []
    var agents: [BuildAgentFlag] = []
    var contexts: [BuildContextFlag.Named] = []
    var platform: String?
    var output = BuildOutput.image
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
                + " each step says why it was done again.\n\nRUN has no network but its loopback"
                + " unless --network host is given.",
            flags: imageFlags + inputFlags + displayFlags + limitFlags + podmanFlags
                + dockerDefaults + unsupportedFlags,
            operands: .exactly(1), operandKind: .files, assign: { $0.context = $1[0] })
    }

    func run(in session: Session) throws(Problem) -> ExitCode {
        let engine = try session.engine()
        if onlyChecks || call != .build { return try check(with: engine, in: session) }
        // The programs of RUN inherit it, so that their files have the same modes everywhere.
        _ = setFileModeMask(0o022)
        try PrivateMounts.enter()
        try engine.steps.removeLeftovers()
        let inputs = try BuildInputs(
            context: context, dockerfile: dockerfile, ignoreFile: ignoreFile, steps: engine.steps
        ).find()
        defer { withExtendedLifetime(inputs) {} }
        let request = try request(inputs, in: session)
        let display = BuildDisplay(
            on: session.error, progress: isQuiet ? .quiet : progress, explainsWhy: explainsWhy)
        defer { engine.steps.flushLayers() }
        let interruption = try BuildInterruption()
        try interruption.tripOnSignals()
        do throws(Problem) {
            let build = try ImageBuild(
                request, with: engine, interruption: interruption
            ) { event in display.show(event) }
            let result = try build.run()
            try finish(build, result, display, in: session)
            try display.summarize(
                CheckReport(build.checks(), of: request).summary(
                    withDetails: session.globals.level <= .debug))
        } catch {
            try display.end(failed: true)
            throw error
        }
        return .success
    }

    /// `--check`: looks at the Dockerfile and builds nothing.
    private func check(with engine: Engine, in session: Session) throws(Problem) -> ExitCode {
        let inputs = try BuildInputs(
            context: context, dockerfile: dockerfile, ignoreFile: ignoreFile, steps: engine.steps
        ).find()
        defer { withExtendedLifetime(inputs) {} }
        let request = try request(inputs, in: session)
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
        _ build: ImageBuild, _ result: StageResult, _ display: BuildDisplay, in session: Session
    ) throws(Problem) {
        switch output {
        case .directory(let path):
            try build.writeFiles(of: result, to: FilePath(path))
            try display.end(failed: false)
        case .archive(let path):
            try ArchiveOutput.write(to: path, "build") { file throws(Problem) in
                try build.writeArchive(of: result, to: file)
            }
            try display.end(failed: false)
        case .image, .imageArchive:
            let image = try build.makeImage(of: result)
            try display.end(failed: false)
            try display.report(image)
            if let idFile { try write("\(image.id)", to: idFile, flag: "--iidfile") }
            if let metadataFile {
                try write(
                    image.metadata.jsonString(), to: metadataFile, flag: "--metadata-file")
            }
            if case .imageArchive(let format, let path) = output {
                let names = image.names.isEmpty ? ["\(image.id)"] : image.names
                let images = try session.engine().images
                try ArchiveOutput.write(to: path, "build") { file throws(Problem) in
                    try images.save(SaveRequest(names: names, format: format), to: file)
                }
                return
            }
            if isQuiet { try session.output.writeLine("\(image.id)") }
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

extension BuiltImage {
    /// What `--metadata-file` says, with the names of Docker's builder.
    fileprivate var metadata: JSONValue {
        var json: JSONObject = [
            "containerimage.config.digest": .string("\(id)"),
            "containerimage.digest": .string("\(manifest.digest)"),
        ]
        if !names.isEmpty { json["image.name"] = .string(names.joined(separator: ",")) }
        return .object(json)
    }
}
