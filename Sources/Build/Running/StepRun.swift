import Diagnostics
import Engine
import Linux
import OCI
import Storage
import SystemPackage

/// One instruction at work: looked for in the cache, or done.
struct StepRun {
    let build: ImageBuild
    let stage: Int
    let placed: PlacedInstruction
    let name: StepName

    /// What came of an instruction.
    struct Outcome {
        var ending: StepEnding
        /// nil when the files stayed as they were.
        var layer: BuiltLayer?
        /// Whether the layer is the one that there will be; false for a step that was only planned.
        var isForeseen = true
    }

    /// Does a step of a stage.
    func run(_ step: StageStep, on progress: StageProgress) throws(Problem) -> Outcome {
        switch step {
        case .metadata: return Outcome(ending: .done(why: ""), layer: nil)
        case .run(let run): return try self.run(run, on: progress)
        case .copy(let copy): return try self.copy(copy, on: progress)
        case .workingDirectory(let path):
            var inputs = commonInputs(of: progress, instruction: "WORKDIR \(path)")
            inputs.values[StepInput.parent] = CacheKey.digest(of: progress.diffIDs)
            return try cached(inputs) { () throws(Problem) in
                try makeWorkingDirectory(path, on: progress)
            }
        }
    }

    /// The inputs that every instruction has, but for what lies below.
    func commonInputs(of progress: StageProgress, instruction: String) -> StepInputs {
        StepInputs([
            StepInput.instruction: instruction,
            StepInput.platform: "\(progress.platform.os)/\(progress.platform.architecture)"
                + (progress.platform.variant.map { "/\($0)" } ?? ""),
            StepInput.epoch: build.request.keepsFileTimes
                ? "the files' own" : "\(progress.epochInSeconds)",
        ])
    }

    /// Whether what the cache has counts.
    private var usesCache: Bool {
        let names = [build.graph.nodes[stage].stage.name, "\(stage)"].compactMap(\.self)
        return build.request.usesCache && build.request.uncachedStages.isDisjoint(with: names)
    }

    /// Takes a result out of the cache, or makes it and keeps it there.
    func cached(
        _ inputs: StepInputs, _ make: () throws(Problem) -> BuiltLayer?
    ) throws(Problem) -> Outcome {
        let cache = build.store.buildCache
        let key = CacheKey.key(of: inputs)
        if build.request.plan != nil {
            if usesCache, let step = cache.record(of: key), try isThere(step) {
                return Outcome(ending: .cached(why: ""), layer: step.built)
            }
            return note(
                usesCache
                    ? CacheMiss.reason(inputs, before: cache.inputs(at: place))
                    : "it was asked for")
        }
        let now = Timestamp.now.nanosecondsSinceEpoch / 1_000_000_000
        if usesCache, let step = cache.record(of: key), try isThere(step) {
            try cache.touch(key, step, atSeconds: now)
            try cache.keep(inputs, at: place)
            build.request.madeSteps.add(.init(stage: stage, key: key, layer: step.built))
            return Outcome(
                ending: .cached(why: "all that it depends on is as it was"), layer: step.built)
        }
        let why =
            usesCache
            ? CacheMiss.reason(inputs, before: cache.inputs(at: place)) : "it was asked for"
        let layer = try make()
        try cache.keep(
            CachedStep(
                layer: layer?.descriptor, diffID: layer?.diffID, usedAtSeconds: now), as: key)
        try cache.keep(inputs, at: place)
        build.request.madeSteps.add(.init(stage: stage, key: key, layer: layer))
        return Outcome(ending: .done(why: why), layer: layer)
    }

    /// Whether the store still has what a record names; it stays until the build ends.
    private func isThere(_ step: CachedStep) throws(Problem) -> Bool {
        guard let layer = step.built else { return true }
        try build.protect([layer.descriptor.digest, layer.diffID])
        return build.store.contains(layer.descriptor.digest)
    }

    /// Names this place of this Dockerfile, to compare its inputs with those of the last build.
    private var place: Digest {
        let context = build.request.context?.string ?? ""
        return ContentHasher.sha256(
            Array(
                "\(context)\n\(placed.source.file)\n\(stage)\n\(name.text.prefix { $0 != "]" })"
                    .utf8))
    }

    private func makeWorkingDirectory(
        _ path: String, on progress: StageProgress
    ) throws(Problem) -> BuiltLayer? {
        let files = try build.engine.steps.begin(on: progress.diffIDs)
        let target = CopyTarget(try files.open())
        let isThere = try asking("cannot make the directory \(path)") {
            () throws(SystemCallError) in
            let resolved = try target.resolved(path)
            let isThere = try target.root.status(of: FilePath(resolved)) != nil
            _ = try target.makeDirectories(resolved, owner: nil)
            return isThere
        }
        if isThere { return nil }
        return try layer(of: files, on: progress, withoutMountPoints: [])
    }

    /// What an instruction changed, as a layer.
    func layer(
        of files: StepFiles, on progress: StageProgress, withoutMountPoints mountPoints: Set<String>
    ) throws(Problem) -> BuiltLayer? {
        let new = try files.writeLayer(
            latestTimeInSeconds: build.request.keepsFileTimes ? nil : progress.epochInSeconds,
            withoutMountPoints: mountPoints)
        guard let new else { return nil }
        try build.protect([new.descriptor.digest, new.diffID])
        guard build.store.contains(new.descriptor.digest), build.layers.contains(new.diffID) else {
            throw Problem(
                kind: .conflict, what: "cannot keep the layer \(new.diffID)",
                why: "someone else removed it meanwhile", fix: "try again")
        }
        return BuiltLayer(descriptor: new.descriptor, diffID: new.diffID)
    }
}

extension CachedStep {
    /// The layer that it names.
    var built: BuiltLayer? {
        guard let layer, let diffID else { return nil }
        return BuiltLayer(descriptor: layer, diffID: diffID)
    }
}
