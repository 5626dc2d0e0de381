package import Diagnostics
package import OCI
import SystemPackage

extension ImageService {
    /// Sends an image to its registry with `kade-server`.
    ///
    /// - Parameters:
    ///   - reference: the image's name, which says where it goes.
    ///   - platform: `os[/architecture[/variant]]`, or nil for all that the store has.
    ///   - allTags: whether all tags of the reference's repository are meant.
    ///   - progress: is told how it goes on.
    /// - Throws: the ``Problem`` that the transfer ended with.
    package func push(
        _ reference: ImageReference, platform: String?, allTags: Bool,
        progress: (TransferEvent) -> Void
    ) throws(Problem) {
        var arguments = ["push", "--root", context.configuration.dataRoot.string]
        if let platform { arguments += ["--platform", platform] }
        if allTags { arguments.append("--all-tags") }
        try ContentHelper(configuration: context.configuration).run(
            arguments + ["\(reference)"], input: nil, file: nil, what: "cannot push \(reference)"
        ) { line in
            if let event = TransferEvent(line) { progress(event) }
        }
    }
}
