import Diagnostics
import Engine
import Linux
import OCI
import Storage
import SystemPackage

// What a build would do (`--plan`): each step is looked for in the cache as ever, and noted where it
// would be made.
//
// A step that would be made has no result, so that nobody knows whether what lies above it is in the
// cache: the same files may come of it as before. Such steps are noted, too, with that reason.

extension ImageBuild {
    /// Goes through the stages one after the other, and notes what would be made.
    func foresee() throws(Problem) -> StageResult {
        for place in request.cacheSources {
            switch place {
            case .registry(let name): note("kade pull \(name)", "its cache is taken in")
            case .local(let path): note("kade load -i \(path)", "its cache is taken in")
            case .inline: continue
            }
        }
        for index in graph.needed where index != graph.target { _ = try result(of: index) }
        return try result(of: graph.target)
    }

    /// Notes that layers would become one.
    func foreseeSquash(of result: StageResult) -> StageResult {
        var result = result
        note("merge the layers of the image into one", "--squash asks for it")
        result.isForeseen = false
        return result
    }

    private func note(_ shell: String, _ why: String) {
        request.plan?.note(Explanation(shell: shell, why: why, spec: "build"), by: .engine)
    }
}

extension StepRun {
    /// Whether it can be said, without doing anything, if the cache has a step's result.
    func isForeseeable(_ step: StageStep, on progress: StageProgress) -> Bool {
        switch step {
        case .metadata: return true
        case .workingDirectory: return progress.isForeseen
        case .run(let run):
            return progress.isForeseen
                && run.mounts.allSatisfy { mount in
                    guard case .bind(let from, _, _) = mount.kind else { return true }
                    return isDirectory(from)
                }
        case .copy(let copy):
            let isBelowKnown = progress.isForeseen || copy.isLinked && copy.owner == nil
            let isRemote = copy.sources.contains { source in
                guard copy.isAdd, case .path(let path) = source else { return false }
                return RemoteSource(path) != nil
            }
            return isBelowKnown && isDirectory(copy.from) && !isRemote
        }
    }

    /// Whether files come from a directory of this machine, and not from a stage or an image.
    private func isDirectory(_ from: String?) -> Bool {
        guard let from else { return true }
        if case .directory? = build.request.context(named: from) { return true }
        return false
    }

    /// Notes a step of which nobody knows what it comes to.
    func noteUnforeseeable(on progress: StageProgress) -> Outcome {
        note(
            progress.isForeseen
                ? "the files that it takes are looked at when they are there"
                : "what lies below is made anew; if that comes to the same, it is in the cache")
    }

    /// Notes that the step would be made.
    func note(_ why: String) -> Outcome {
        build.request.plan?.note(
            Explanation(
                shell: name.text, why: why, spec: "\(placed.source.file):\(placed.source.line)"),
            by: .engine)
        return Outcome(ending: .done(why: why), layer: nil, isForeseen: false)
    }
}

extension ImageBuild {
    /// Does something under the lease of a build that makes something.
    func withLease<Value>(
        _ body: (borrowing Lease) throws(Problem) -> Value
    ) throws(Problem) -> Value {
        switch lease {
        case .some(let lease): return try body(lease)
        case .none:
            throw Problem(
                kind: .bug, what: "cannot keep what was built", why: "it was only planned")
        }
    }

    /// Keeps content from being removed to the build's end; a plan keeps nothing.
    func protect(_ digests: [Digest]) throws(Problem) {
        guard request.plan == nil else { return }
        try withLease { lease throws(Problem) in try lease.protect(digests) }
    }
}

extension BuildRequest {
    /// Refuses to plan where the store would have to be made first.
    func checkStoreForPlan(at dataRoot: FilePath) throws(Problem) {
        guard plan != nil, !File.exists(dataRoot.appending("image/oci-layout")) else { return }
        throw Problem(
            kind: .unavailable, what: "cannot plan a build",
            why: "there is no image store in \(dataRoot) yet, with which the steps are compared",
            fix: "kade pull the base image first")
    }
}
