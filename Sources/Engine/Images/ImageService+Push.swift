import ContainerRuntime
package import Diagnostics
import OCI

extension ImageService {
    /// Sends an image to its registry with `kade-server`.
    ///
    /// - Parameters:
    ///   - request: what to push; its reference says where it goes.
    ///   - progress: is told how it goes on.
    /// - Throws: the ``Problem`` that the transfer ended with.
    package func push(
        _ request: TransferRequest, progress: (TransferEvent) -> Void
    ) throws(Problem) {
        _ = try ContentHelper(configuration: context.configuration).change(
            request.arguments(of: "push", dataRoot: context.configuration.dataRoot),
            why: "the registry gets what it has not of \(request.reference)", input: nil,
            file: nil, what: "cannot push \(request.reference)"
        ) { line in
            if let event = TransferEvent(line) { progress(event) }
        }
        let reference = try ImageReference(parsing: request.reference)
        context.tell(
            .push, of: .image, reference.familiar, ["name": reference.familiarName])
    }
}
