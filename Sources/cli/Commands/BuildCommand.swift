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
    var rewritesTimes = true
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
    var outputs: [BuildOutput] = []
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

    static let canPlan = true

    static var grammar: Grammar<BuildCommand> {
        Grammar(
            name: "build", synopsis: "[OPTIONS] PATH | URL | -",
            summary: "Build an image from a Dockerfile",
            discussion:
                "The same Dockerfile, files and base image give the same image, whenever and"
                + " wherever they are built: times in the image are those of the base image, or"
                + " SOURCE_DATE_EPOCH where that is set or given as a build argument."
                + " --rewrite-timestamp=false leaves the files theirs. With --why each step says why"
                + " it was done again.\n\nRUN is on the network of containers that name none, unless"
                + " --network says otherwise.",
            flags: imageFlags + inputFlags + displayFlags + limitFlags + podmanFlags
                + dockerDefaults + unsupportedFlags,
            operands: .exactly(1), operandKind: .files, assign: { $0.context = $1[0] })
    }

    func run(in session: Session) throws(Problem) -> ExitCode {
        let engine = try session.engine()
        guard session.plan == nil || !onlyChecks && call == .build else {
            throw Problem(
                kind: .invalid, what: "conflicting options", why: "--plan and --check or --call",
                fix: "leave --plan out: they build nothing")
        }
        if onlyChecks { return try check(with: engine, in: session) }
        switch call {
        case .build: break
        case .check: return try check(with: engine, in: session)
        case .outline, .targets, .describe: return try answer(with: engine, in: session)
        }
        if let plan = session.plan { return try self.plan(in: session, plan) }
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
        let emptied = try emptiedDirectories(inputs, request, in: session)
        for directory in emptied { try directory.check() }
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
            for directory in emptied { try directory.empty() }
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
    func parts(of request: BuildRequest) throws(Problem) -> [BuildRequest] {
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
}
