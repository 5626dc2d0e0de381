package import Diagnostics
package import OCI
import Storage

extension ManifestService {
    /// An image with its platform and manifest, or all of a list, in the shape of `docker manifest
    /// inspect --verbose`.
    ///
    /// Manifests and configurations that are not here are fetched and kept until the next clean-up.
    ///
    /// - Parameters:
    ///   - name: the image or list.
    ///   - list: the list that the image is one of, or nil.
    ///   - isInsecure: whether registries may speak http.
    /// - Returns: an object, of a list an array of them.
    /// - Throws: `.notFound` when there is no such image.
    package func details(
        of name: String, in list: String?, isInsecure: Bool
    ) throws(Problem) -> JSONValue {
        let store = try context.imageStore()
        if let list {
            let text = try inspect(name, in: list, isInsecure: isInsecure)  // so it is in the list
            let child = try descriptor(of: name, isInsecure: isInsecure, in: store)
            let reference = try ImageReference(parsing: list).with(digest: child.digest)
            return try entry("\(reference)", child, text.json())
        }
        let reference = try ImageReference(parsing: name).withDefaultTag
        if let known = try store.content.references.descriptor(of: reference),
            known.mediaType.isIndex
        {
            return try children(
                of: try index(known, in: store), reference, isInsecure: isInsecure, in: store)
        }
        let line = try fetch("\(reference)", isStored: true, isInsecure: isInsecure)
        let text = Array((line.text("text") ?? "").utf8)
        guard MediaType(rawValue: line.text("mediaType") ?? "").isManifest else {
            let index = try ImageIndex(json: text, named: "\(reference)")
            return try children(of: index, reference, isInsecure: isInsecure, in: store)
        }
        let image = try descriptor(of: "\(reference)", isInsecure: isInsecure, in: store)
        return try entry("\(reference)", image, text)
    }

    private func children(
        of list: ImageIndex, _ reference: ImageReference, isInsecure: Bool, in store: ImageStore
    ) throws(Problem) -> JSONValue {
        var entries: [JSONValue] = []
        for child in list.manifests where child.mediaType.isManifest {
            let name = reference.with(digest: child.digest)
            let text: [UInt8]
            if store.content.contains(child.digest) {
                text = try store.content.document(child.digest)
            } else {
                let line = try fetch("\(name)", isStored: true, isInsecure: isInsecure)
                text = Array((line.text("text") ?? "").utf8)
            }
            entries.append(try entry("\(name)", child, text))
        }
        return .array(entries)
    }

    private func entry(
        _ name: String, _ descriptor: Descriptor, _ text: [UInt8]
    ) throws(Problem) -> JSONValue {
        let isDocker = descriptor.mediaType == .dockerManifest
        return [
            "Ref": .string(name),
            "Descriptor": try JSONValue.parse(descriptor.json(), named: "the descriptor"),
            isDocker ? "SchemaV2Manifest" : "OCIManifest": try JSONValue.parse(text, named: name),
        ]
    }
}
