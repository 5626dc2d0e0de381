import Diagnostics
import Linux
import OCI

/// What a pull tells of its progress, as steps for whoever watches them.
struct PullSteps {
    private let watch: StepWatch
    /// Where the repository is that is asked.
    private var place: RegistryPlace
    /// What stands for the image in its repository: a digest or a tag.
    private let tag: String
    /// Those that are not done, by what they bring.
    private var open: [Part: StepRecord] = [:]
    /// When the last step began: no two begin at one time.
    private var lastStart: Int64 = 0
    /// When what is told happened.
    private var now: Int64

    /// What a step brings.
    private enum Part: Hashable {
        case name
        case content(digest: String)
    }

    /// Begins with the name.
    init(of request: TransferRequest, telling watch: StepWatch) throws(Problem) {
        self.watch = watch
        now = Self.now()
        let reference = try ImageReference(parsing: request.reference).withDefaultTag
        place = .named(by: reference)
        tag = reference.digest.map { "\($0)" } ?? reference.tag ?? "latest"
        watch.begin(.pull("\(reference)"))
    }

    /// Takes what the pull tells.
    ///
    /// - Parameters:
    ///   - event: what happened.
    ///   - moment: when, on the clock that steps have; nil is now.
    mutating func take(_ event: TransferEvent, atMicroseconds moment: Int64?) {
        now = moment ?? Self.now()
        switch event {
        case .place(let place, let use): ask(place, for: use)
        case .resolved(_, let digest):
            end(.name, .done) { $0.why = "the registry says that the name stands for \(digest)" }
        case .document(let kind, let digest, let status, let size):
            take(.content(digest: digest), status, document(kind, digest, size))
        case .layer(let digest, let status, _, let total):
            take(.content(digest: digest), status, layer(digest, total, status))
        case .done, .note, .pushing, .pushed: break
        }
    }

    /// Ends what is not done, because the pull has failed.
    mutating func fail(_ problem: Problem) {
        now = Self.now()
        // It may have failed before it could say whom it asks.
        if lastStart == 0 { beginName(at: place) }
        let parts = openParts
        let cause =
            parts.first { part in
                guard case .content(let digest) = part else { return false }
                return problem.why.contains(digest) || problem.what.contains(digest)
            } ?? parts.first
        for part in parts {
            end(part, .failed(part == cause ? problem.why : "the pull ended")) { _ in }
        }
    }

    /// What is not done, in the order of the beginnings.
    private var openParts: [Part] {
        open.sorted { $0.value.startInMicroseconds < $1.value.startInMicroseconds }.map(\.key)
    }

    /// Goes on with another place, which has what the one before has not.
    private mutating func ask(_ place: RegistryPlace, for use: RegistryPlace.Use) {
        for part in openParts { end(part, .failed("the next place is asked")) { _ in } }
        if use != .names { self.place = place }
        if use != .content { beginName(at: place) }
    }

    private mutating func beginName(at place: RegistryPlace) {
        begin(
            .name,
            Explanation(
                shell: place.curl("manifests/\(tag)"),
                why: "the registry says which digest the name stands for", spec: "IMAGE"))
    }

    private mutating func take(_ part: Part, _ status: String, _ explanation: Explanation) {
        switch status {
        case "downloading", "extracting":
            if open[part] == nil { begin(part, explanation) }
        case "done":
            if open[part] == nil { begin(part, explanation) }
            end(part, .done) { _ in }
        case "exists", "arriving":
            if open[part] == nil { begin(part, explanation) }
            end(part, .done) { $0 = explanation }
        default: break  // its turn has not come
        }
    }

    private mutating func begin(_ part: Part, _ explanation: Explanation) {
        lastStart = max(now, lastStart + 1)
        let record = StepRecord(
            explanation: explanation, actor: .engine, startInMicroseconds: lastStart,
            durationInMicroseconds: 0, outcome: .done)
        open[part] = record
        watch.hear(.begun(record))
    }

    private mutating func end(
        _ part: Part, _ outcome: StepRecord.Outcome, _ change: (inout Explanation) -> Void
    ) {
        guard var record = open.removeValue(forKey: part) else { return }
        change(&record.explanation)
        record.durationInMicroseconds = max(0, now - record.startInMicroseconds)
        record.outcome = outcome
        watch.hear(.ended(record))
    }

    private static func now() -> Int64 { Int64(clamping: monotonicNanoseconds() / 1000) }

    private func document(_ kind: String, _ digest: String, _ size: Int64) -> Explanation {
        let blobs = kind == "configuration" ? "blobs" : "manifests"
        let (says, field) =
            switch kind {
            case "index": ("names a manifest for each platform", "manifests")
            case "configuration": ("says what to run", "config")
            default: ("names its layers", "layers")
            }
        return Explanation(
            shell: place.curl("\(blobs)/\(digest)", "-L "),
            why: "\(kind) \(digest) of \(size) bytes \(says)", spec: field)
    }

    private func layer(_ digest: String, _ size: Int64, _ status: String) -> Explanation {
        let what =
            switch status {
            case "exists": "was here before"
            case "arriving": "comes while it is in use"
            default: "is fetched and unpacked"
            }
        return Explanation(
            shell: place.curl("blobs/\(digest)", "-L ") + " | tar -x",
            why: "layer \(digest) of \(size) bytes \(what)", spec: "layers")
    }
}
