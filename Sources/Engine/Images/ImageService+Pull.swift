import ContainerRuntime
package import Diagnostics
import OCI

extension ImageService {
    /// ``pull(_:progress:)`` with nothing unusual.
    @discardableResult
    package func pull(
        _ reference: String, platform: String?, allTags: Bool,
        progress: (TransferEvent) -> Void
    ) throws(Problem) -> String {
        var request = TransferRequest(reference)
        request.platform = platform
        request.allTags = allTags
        return try pull(request, progress: progress)
    }

    /// Fetches an image from its registry with `kade-server`.
    ///
    /// - Parameters:
    ///   - request: what to pull.
    ///   - progress: is told how it goes on.
    /// - Returns: the full reference that was pulled, without a tag where all were.
    /// - Throws: the ``Problem`` that the transfer ended with.
    @discardableResult
    package func pull(
        _ request: TransferRequest, progress: (TransferEvent) -> Void
    ) throws(Problem) -> String {
        guard let watch = context.configuration.watch else {
            return try fetch(request) { event, _ in progress(event) }
        }
        var request = request
        request.tellsEachPart = true
        var steps = try PullSteps(of: request, telling: watch)
        do throws(Problem) {
            return try fetch(request) { event, moment in
                steps.take(event, atMicroseconds: moment)
                progress(event)
            }
        } catch {
            steps.fail(error)
            throw error
        }
    }

    /// Pulls, and tells what happened and at which microsecond, where that is known.
    private func fetch(
        _ request: TransferRequest, _ progress: (TransferEvent, Int64?) -> Void
    ) throws(Problem) -> String {
        var pulled: String?
        let what = "cannot pull \(request.reference)"
        let isDone = try ContentHelper(configuration: context.configuration).change(
            request.arguments(of: "pull", dataRoot: context.configuration.dataRoot),
            why: "what the registry has of \(request.reference) and the store has not",
            input: nil, file: nil, what: what
        ) { line in
            guard let event = TransferEvent(line) else { return }
            if case .done(let reference, _, _, _) = event { pulled = reference }
            progress(event, line.integer("at"))
        }
        guard isDone else { return request.reference }
        guard let pulled else {
            throw Problem(
                kind: .bug, what: what, why: "kade-server ended without a result")
        }
        let reference = try ImageReference(parsing: pulled)
        context.tell(
            .pull, of: .image, reference.familiar, ["name": reference.familiarName])
        return request.allTags ? reference.repository : pulled
    }
}
