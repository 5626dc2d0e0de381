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
        try ContentHelper(configuration: context.configuration).run(
            request.arguments(of: "push", dataRoot: context.configuration.dataRoot), input: nil,
            file: nil, what: "cannot push \(request.reference)"
        ) { line in
            if let event = TransferEvent(line) { progress(event) }
        }
        let reference = try ImageReference(parsing: request.reference)
        context.tell(
            .push, of: .image, reference.familiar, ["name": reference.familiarName])
    }
}
