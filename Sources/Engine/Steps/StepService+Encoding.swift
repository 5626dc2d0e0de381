package import Diagnostics
package import OCI
package import Storage
import SystemPackage

extension StepService {
    /// Compresses the layers of an image that a build has made, as a push would.
    ///
    /// - Parameters:
    ///   - image: its manifest, which is protected by the build's lease.
    ///   - encoding: what the layers become.
    ///   - lease: the build's: it protects what is made.
    /// - Returns: the manifest that takes its place; the same one where nothing is to do.
    /// - Throws: ``Problem`` when the disk is full; `.conflict` when somebody removed what was made
    ///   before it was protected.
    package func encode(
        _ image: Descriptor, as encoding: LayerEncoding, under lease: borrowing Lease
    ) throws(Problem) -> Descriptor {
        let what = "cannot compress the image's layers"
        var made: Descriptor?
        var problem: Problem?
        try ContentHelper(configuration: context.configuration).runWithoutFlush(
            ["encode", "--root", dataRoot.string] + encoding.arguments + [
                image.mediaType.rawValue, "\(image.digest)", "\(image.size)",
            ], input: nil, file: nil, what: what
        ) { line in
            guard line["event"]?.string == "encoded" else { return }
            do throws(Problem) {
                made = Descriptor(
                    mediaType: MediaType(rawValue: line.text("mediaType") ?? ""),
                    digest: try Digest(parsing: line.text("digest") ?? ""),
                    size: line.integer("size") ?? 0)
            } catch {
                problem = error
            }
        }
        if let problem { throw problem }
        guard let made else {
            throw Problem(kind: .bug, what: what, why: "kade-server ended without a result")
        }
        // The helper's own lease has ended: what is there after this stays.
        let store = try ContentStore(root: dataRoot)
        try lease.protect([made.digest])
        let manifest = try Manifest(
            json: try store.document(made.digest), named: "\(made.digest)")
        let parts = [manifest.config] + manifest.layers
        try lease.protect(parts.map(\.digest))
        if let lost = parts.first(where: { !store.contains($0.digest) }) {
            throw Problem(
                kind: .conflict, what: what, why: "somebody removed \(lost.digest) meanwhile",
                fix: "build again")
        }
        return made
    }
}
