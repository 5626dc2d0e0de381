import Diagnostics
import Engine
import Linux
import OCI
import Storage
import SystemPackage

/// The making of one stage, instruction by instruction.
struct StageBuild {
    let build: ImageBuild
    let index: Int
    private var node: StageGraph.Node { build.graph.nodes[index] }
    /// How many steps its display counts.
    private var total = 0
    private var ordinal = 0

    init(build: ImageBuild, index: Int) {
        self.build = build
        self.index = index
    }

    /// Makes the stage.
    mutating func run() throws(Problem) -> StageResult {
        let stage = node.stage
        total = 1 + stage.instructions.filter { $0.instruction.changesFiles }.count
        let name = stepName("FROM \(stage.base)")
        var progress: StageProgress
        build.report(.began(name))
        do throws(Problem) {
            try build.interruption.check()
            progress = try begin(name)
        } catch {
            build.report(.ended(name, .failed))
            throw stage.source.problem(error)
        }
        build.report(.ended(name, .done(why: "the stage begins here")))
        progress.state.set(build.request.environment)
        for trigger in progress.triggers {
            let placed = try PlacedInstruction(trigger: trigger, image: stage.base)
            if placed.instruction.changesFiles { total += 1 }
            try apply(placed, to: &progress)
        }
        for placed in stage.instructions { try apply(placed, to: &progress) }
        guard index == build.graph.target else { return progress.result }
        progress.state.finish(for: build.request)
        if build.request.omitsHistory { progress.forgetHistory() }
        return try build.squashed(progress.result)
    }

    private mutating func apply(
        _ placed: PlacedInstruction, to progress: inout StageProgress
    ) throws(Problem) {
        try build.interruption.check()
        let step = try progress.state.apply(placed)
        let history = progress.historyText(of: placed, step)
        if step == .metadata { return progress.note(history, layer: nil) }
        let name = stepName(placed.text)
        build.report(.began(name))
        do throws(Problem) {
            let run = StepRun(build: build, stage: index, placed: placed, name: name)
            let outcome =
                build.request.plan == nil || run.isForeseeable(step, on: progress)
                ? try run.run(step, on: progress) : run.noteUnforeseeable(on: progress)
            if !outcome.isForeseen { progress.isForeseen = false }
            build.report(.ended(name, outcome.ending))
            progress.note(history, layer: outcome.layer)
        } catch {
            build.report(.ended(name, .failed))
            throw error.what.hasPrefix("cannot build ") ? error : placed.source.problem(error)
        }
    }

    private mutating func stepName(_ text: String) -> StepName {
        ordinal += 1
        let stage = node.stage.name ?? (build.graph.nodes.count > 1 ? "stage-\(index)" : "")
        let platform = build.request.namesPlatform ? build.request.platform : nil
        let place = [platform?.description ?? "", stage, "\(ordinal)/\(total)"]
            .filter { !$0.isEmpty }.joined(separator: " ")
        return StepName(
            number: build.request.stepNumbers.next(), text: "[\(place)] \(text)")
    }

    /// Finds what the stage begins with.
    private func begin(_ name: StepName) throws(Problem) -> StageProgress {
        switch node.base {
        case .stage(let earlier):
            let base = try build.result(of: earlier)
            return StageProgress(on: base, build: build)
        case .scratch:
            return StageProgress(
                platform: StagePlatform(build.request.platform ?? .host),
                epochInSeconds: build.epoch(baseInSeconds: 0), build: build)
        case .image(let image, let platform):
            let base = try build.baseImage(
                image, platform: platform ?? build.request.platform, name)
            return try StageProgress(from: base, build: build)
        }
    }
}

extension Instruction {
    /// Whether it is one of the steps that a display counts.
    var changesFiles: Bool {
        switch self {
        case .run, .copy, .workingDirectory: true
        default: false
        }
    }
}

/// A stage while it is being made.
struct StageProgress {
    var state: StageState
    private(set) var layers: [BuiltLayer]
    private(set) var history: [ImageConfiguration.History]
    let platform: StagePlatform
    let epochInSeconds: Int64
    /// Whether the layers are those that there will be.
    var isForeseen = true
    private let inheritedLayers: Int
    private let inheritedHistory: Int
    /// The base image's ONBUILD.
    let triggers: [String]

    var diffIDs: [Digest] { layers.map(\.diffID) }

    var result: StageResult {
        StageResult(
            state: state, layers: layers, history: history, platform: platform,
            epochInSeconds: epochInSeconds, isForeseen: isForeseen,
            inheritedLayers: inheritedLayers, inheritedHistory: inheritedHistory)
    }

    /// Begins with nothing.
    init(platform: StagePlatform, epochInSeconds: Int64, build: ImageBuild) {
        state = StageState(
            base: Self.withPath(.init()), author: nil, arguments: build.arguments,
            directives: build.dockerfile.directives)
        (layers, history, triggers) = ([], [], [])
        (inheritedLayers, inheritedHistory) = (0, 0)
        self.platform = platform
        self.epochInSeconds = epochInSeconds
    }

    /// Begins on an earlier stage.
    init(on base: StageResult, build: ImageBuild) {
        triggers = base.state.defaults.onBuild
        state = StageState(on: base.state)
        layers = base.layers
        history = base.history
        inheritedLayers = base.inheritedLayers
        inheritedHistory = base.inheritedHistory
        platform = base.platform
        epochInSeconds = base.epochInSeconds
        isForeseen = base.isForeseen
    }

    /// Begins on an image.
    init(from base: BaseImage, build: ImageBuild) throws(Problem) {
        let configuration = base.configuration
        let defaults = configuration.config ?? .init()
        triggers = defaults.onBuild
        state = StageState(
            base: Self.withPath(defaults), author: configuration.author,
            arguments: build.arguments, directives: build.dockerfile.directives)
        layers = try base.builtLayers()
        history = configuration.history
        (inheritedLayers, inheritedHistory) = (layers.count, history.count)
        platform = StagePlatform(configuration)
        let created = configuration.created.flatMap { Timestamp(rfc3339: $0) }
        let seconds = (created?.nanosecondsSinceEpoch ?? 0) / 1_000_000_000
        epochInSeconds = build.epoch(baseInSeconds: max(0, seconds))
    }

    /// A search path is there in every image that a build makes, as in Docker.
    static func withPath(
        _ defaults: ImageConfiguration.Defaults
    ) -> ImageConfiguration.Defaults {
        var defaults = defaults
        if !defaults.env.contains(where: { $0.hasPrefix("PATH=") }) {
            defaults.env.append("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
        }
        return defaults
    }

    /// Leaves out what the image would tell of its making.
    mutating func forgetHistory() { history = [] }

    /// Notes what an instruction did.
    mutating func note(_ text: String, layer: BuiltLayer?) {
        if let layer { layers.append(layer) }
        history.append(
            .init(created: created, createdBy: text, author: nil, emptyLayer: layer == nil))
    }

    /// The time of the stage as an image writes it.
    var created: String {
        Timestamp(nanosecondsSinceEpoch: epochInSeconds * 1_000_000_000).rfc3339
    }

    /// The words of an image's history for an instruction.
    func historyText(of placed: PlacedInstruction, _ step: StageStep) -> String {
        guard case .run(let run) = step else { return placed.text }
        let prefix =
            state.arguments.isEmpty
            ? ""
            : "|\(state.arguments.count) "
                + state.arguments.map { "\($0.name)=\($0.value) " }.joined()
        return "RUN \(prefix)\(run.arguments.joined(separator: " "))"
    }
}

extension BaseImage {
    /// The image's layers with OCI's media types.
    fileprivate func builtLayers() throws(Problem) -> [BuiltLayer] {
        let diffIDs = configuration.rootfs.diffIDs
        guard diffIDs.count == manifest.layers.count else {
            throw Problem(
                kind: .corrupt, what: "cannot use image \(name ?? "<none>")",
                why: "its manifest has \(manifest.layers.count) layers and its configuration "
                    + "\(diffIDs.count)")
        }
        return zip(manifest.layers, diffIDs).map { descriptor, diffID in
            var descriptor = descriptor
            switch descriptor.mediaType.layerCompression {
            case .uncompressed: descriptor.mediaType = .layer
            case .gzip: descriptor.mediaType = .gzipLayer
            case .zstd: descriptor.mediaType = .zstdLayer
            case nil: break
            }
            return BuiltLayer(descriptor: descriptor, diffID: diffID)
        }
    }
}
