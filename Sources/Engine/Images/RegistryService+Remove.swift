package import Diagnostics
import OCI
package import SystemPackage

extension RegistryService {
    /// What to delete at a registry, and how to reach it.
    package struct Deletion: Sendable {
        /// The reference as the user wrote it.
        package var reference: String
        /// Whether the manifest goes that a tag stands for, with all its tags.
        package var takesManifest = false
        /// The one file with credentials to use (`--authfile`).
        package var authFile: FilePath?
        /// Whether the registry may speak http, and show any certificate.
        package var isInsecure = false

        package init(_ reference: String) { self.reference = reference }
    }

    /// Deletes a tag of a registry, or a manifest with all its tags.
    ///
    /// The machine's own images stay as they are.
    ///
    /// - Parameter deletion: what goes.
    /// - Returns: what the registry has no more; nil in a plan.
    /// - Throws: `.invalid` where the reference says neither tag nor digest; the ``Problem`` that the
    ///   registry or the way to it is.
    package func remove(_ deletion: Deletion) throws(Problem) -> ImageRemoval? {
        let reference = try ImageReference(parsing: deletion.reference)
        guard reference.tag != nil || reference.digest != nil else {
            throw Problem(
                kind: .invalid, what: "cannot delete \(deletion.reference)",
                why: "it names neither a tag nor a digest",
                fix: "name one: \(deletion.reference):latest")
        }
        var arguments = ["delete"]
        if deletion.takesManifest { arguments.append("--manifest") }
        if deletion.isInsecure { arguments.append("--tls-verify=false") }
        if let authFile = deletion.authFile { arguments += ["--authfile", authFile.string] }
        let takesManifest = deletion.takesManifest || reference.digest != nil
        var removal: ImageRemoval?
        _ = try ContentHelper(configuration: context.configuration).change(
            arguments + ["\(reference)"],
            why: takesManifest
                ? "the registry deletes the manifest with all its tags"
                : "the registry deletes the tag; the manifest stays",
            input: nil, file: nil, what: "cannot delete \(reference)"
        ) { line in
            switch line["event"]?.string {
            case "untagged": removal = line.text("reference").map(ImageRemoval.untagged)
            case "deleted": removal = line.text("reference").map(ImageRemoval.deleted)
            default: break  // a newer helper may tell more
            }
        }
        return removal
    }
}
