package import Diagnostics
import OCI
import SystemPackage

extension ImageService {
    /// Fetches an image from its registry with `kade-server`.
    ///
    /// - Parameters:
    ///   - reference: the image as the user wrote it.
    ///   - platform: `os[/architecture[/variant]]`, or nil for this machine's.
    ///   - allTags: whether all tags of the reference's repository are meant.
    ///   - progress: is told how it goes on.
    /// - Returns: the full reference that was pulled, without a tag where all were.
    /// - Throws: the ``Problem`` that the transfer ended with.
    @discardableResult
    package func pull(
        _ reference: String, platform: String?, allTags: Bool,
        progress: (TransferEvent) -> Void
    ) throws(Problem) -> String {
        let root = context.configuration.dataRoot
        var arguments = ["pull", "--root", root.string]
        if let platform { arguments += ["--platform", platform] }
        if allTags { arguments.append("--all-tags") }
        arguments.append(reference)
        var pulled: String?
        try ContentHelper(configuration: context.configuration).run(
            arguments, input: nil, file: nil, what: "cannot pull \(reference)"
        ) { line in
            guard let event = TransferEvent(line) else { return }
            if case .done(let reference, _, _, _) = event { pulled = reference }
            progress(event)
        }
        guard let pulled else {
            throw Problem(
                kind: .bug, what: "cannot pull \(reference)",
                why: "kade-server ended without a result")
        }
        return allTags ? try ImageReference(parsing: pulled).repository : pulled
    }
}
