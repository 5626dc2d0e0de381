package import Diagnostics
package import Engine
import OCI
import Storage
import Synchronization
import SystemPackage

/// A build: reads the Dockerfile, makes its stages side by side, and keeps the result as an image.
package final class ImageBuild: Sendable {
    let request: BuildRequest
    let engine: Engine
    let store: ContentStore
    let layers: Layers
    let interruption: BuildInterruption
    let dockerfile: Dockerfile
    let graph: StageGraph
    let arguments: BuildArguments
    /// What the build uses and makes, kept from the garbage collector to its end; nil for a plan.
    let lease: Lease?
    let report: @Sendable (BuildEvent) -> Void
    let sources: SourceTrees
    let layoutImages = LayoutImages()
    private let results: StageResults
    /// What it took from elsewhere.
    let materials = Materials()

    /// Reads the Dockerfile.
    ///
    /// - Parameters:
    ///   - request: what to build.
    ///   - engine: whose store and containers it uses.
    ///   - interruption: ends it early.
    ///   - report: is told how it goes on, by several threads at once.
    /// - Throws: `.invalid` for a mistake in the Dockerfile.
    package init(
        _ request: BuildRequest, with engine: Engine, interruption: BuildInterruption,
        report: @escaping @Sendable (BuildEvent) -> Void
    ) throws(Problem) {
        self.request = request
        self.engine = engine
        self.interruption = interruption
        self.report = report
        try request.checkStoreForPlan(at: engine.steps.dataRoot)
        store = try ContentStore(root: engine.steps.dataRoot)
        layers = try Layers(root: engine.steps.dataRoot)
        lease = request.plan == nil ? try store.lease() : nil
        var dockerfile = try Dockerfile(
            parsing: request.dockerfile, file: request.dockerfileName)
        try request.checkFrontend(dockerfile.directives)
        dockerfile.giveWay(to: Set(request.contexts.keys))
        if let base = request.firstBase { dockerfile.stages[0].base = base }
        self.dockerfile = dockerfile
        var arguments = BuildArguments(
            given: request.arguments, target: request.platform ?? .host, build: .host)
        try arguments.declareGlobals(of: dockerfile)
        self.arguments = arguments
        graph = try StageGraph(dockerfile, arguments: arguments, target: request.target)
        results = StageResults(count: graph.nodes.count)
        sources = SourceTrees()
    }

    /// Builds the target.
    ///
    /// - Throws: the first problem that a stage met.
    package func run() throws(Problem) -> StageResult {
        try failOnWarnings()
        try admit(source: "local://dockerfile")
        for name in arguments.unused(by: dockerfile) {
            report(.warned("[build-arg] \(name) was given and no ARG declares it"))
        }
        try checkEpoch()
        if request.plan != nil { return try foresee() }
        try importCaches()
        let first = FirstFailure()
        var threads: [WorkerThread] = []
        for index in graph.needed where index != graph.target {
            threads.append(
                try WorkerThread {
                    self.attempt(first) { () throws(Problem) in
                        _ = try self.result(of: index)
                    }
                })
        }
        let target = Mutex<StageResult?>(nil)
        attempt(first) { () throws(Problem) in
            let result = try self.result(of: graph.target)
            target.withLock { $0 = result }
        }
        for thread in threads { thread.join() }
        try sources.saveStats()
        if let problem = first.problem { throw problem }
        try failOnWarnings()
        guard let result = target.withLock({ $0 }) else {
            throw Problem(kind: .bug, what: "cannot build", why: "the target has no result")
        }
        return result
    }

    /// What Docker's build checks find, as far as the store has the base images.
    package func checks() -> BuildChecks.CheckOutcome {
        BuildChecks.run(request, coversAllStages: false, with: engine)
    }

    /// Ends the build where `# check=error=true` makes warnings errors.
    private func failOnWarnings() throws(Problem) {
        let options = try request.checkOptions(dockerfile.directives)
        guard options.warningsAreErrors else { return }
        let outcome = checks()
        guard let first = outcome.warnings.first else { return }
        let rules = Set(outcome.warnings.map(\.rule.name)).sorted().joined(separator: ", ")
        throw Problem(
            kind: .invalid, what: "cannot build \(request.dockerfileName):\(first.firstLine)",
            why: "lint violation found for rules: \(rules)",
            fix: "kade build --check shows them; # check=error=false builds all the same")
    }

    /// A stage, made now or by another thread.
    func result(of index: Int) throws(Problem) -> StageResult {
        try results.result(of: index) { () throws(Problem) in
            var stage = StageBuild(build: self, index: index)
            return try stage.run()
        }
    }

    private func attempt(_ first: FirstFailure, _ body: () throws(Problem) -> Void) {
        do throws(Problem) {
            try body()
        } catch {
            first.report(error)
            interruption.trip()
        }
    }

    private func checkEpoch() throws(Problem) {
        let flag = request.epochInSeconds.map { "\($0)" }
        guard let text = flag ?? request.arguments["SOURCE_DATE_EPOCH"] else { return }
        // As many seconds as the header of a tar archive has digits for.
        guard let seconds = Int64(text), (0..<1 << 33).contains(seconds) else {
            throw Problem(
                kind: .invalid,
                what: "cannot use "
                    + (flag == nil ? "SOURCE_DATE_EPOCH=\(text)" : "--timestamp \(text)"),
                why: "it is no number of seconds since 1970", fix: "0 to \((1 << 33) - 1)")
        }
    }

    /// The latest time of a stage that begins with an image of a time.
    func epoch(baseInSeconds: Int64) -> Int64 {
        request.epochInSeconds
            ?? request.arguments["SOURCE_DATE_EPOCH"].flatMap { Int64($0) } ?? baseInSeconds
    }
}

/// The problem that any of several threads met first.
private final class FirstFailure: Sendable {
    private let state = Mutex<Problem?>(nil)

    func report(_ problem: Problem) {
        state.withLock { first in
            if first == nil { first = problem }
        }
    }

    var problem: Problem? { state.withLock { $0 } }
}
