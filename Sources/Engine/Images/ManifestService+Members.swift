package import Diagnostics
import OCI

// The images of a list that is there already, as Podman changes them.
extension ManifestService {
    /// Whether the store has a list of this name.
    package func contains(_ name: String) throws(Problem) -> Bool {
        do throws(Problem) {
            _ = try list(named: name, in: try context.imageStore())
            return true
        } catch  where error.kind == .notFound {
            return false
        }
    }

    /// Puts an image into a list.
    ///
    /// - Parameters:
    ///   - image: an image of the store or of a registry.
    ///   - name: the list.
    ///   - change: what the list says of the image, beside what its configuration says.
    ///   - isInsecure: whether the registry may speak http.
    /// - Returns: the list's full name.
    /// - Throws: `.notFound` where there is no such list; what keeps the image from being fetched.
    package func add(
        _ image: String, to name: String, _ change: PlatformChange, isInsecure: Bool
    ) throws(Problem) -> String {
        let store = try context.imageStore()
        let (reference, known) = try list(named: name, in: store)
        var list = try index(known, in: store)
        var child = try descriptor(of: image, isInsecure: isInsecure, in: store)
        child.platform = change.applied(to: child.platform)
        list.manifests.removeAll { $0.digest == child.digest }
        list.manifests.append(child)
        try save(list, as: reference, in: store)
        return "\(reference)"
    }

    /// Takes an image out of a list; the image itself stays where it has other names.
    ///
    /// - Parameters:
    ///   - image: its digest, or its name in the store.
    ///   - name: the list.
    /// - Returns: the list's full name.
    /// - Throws: `.notFound` where there is no such list, or the list has no such image.
    package func remove(_ image: String, from name: String) throws(Problem) -> String {
        let store = try context.imageStore()
        let (reference, known) = try list(named: name, in: store)
        var list = try index(known, in: store)
        let digest: Digest
        if image.hasPrefix("sha256:") || image.hasPrefix("sha512:") {
            digest = try Digest(parsing: image)
        } else {
            digest = try descriptor(of: image, isInsecure: false, in: store).digest
        }
        guard list.manifests.contains(where: { $0.digest == digest }) else {
            throw Problem(
                kind: .notFound, what: "cannot remove \(image) from \(reference)",
                why: "the list does not have \(digest)",
                fix: "see its digests: kade manifest inspect \(name)")
        }
        list.manifests.removeAll { $0.digest == digest }
        try save(list, as: reference, in: store)
        return "\(reference)"
    }
}

extension ManifestService.PlatformChange {
    /// A platform with what is said here in the place of what was said before.
    func applied(to old: Platform?) -> Platform? {
        let saysNothing =
            os == nil && architecture == nil && osVersion == nil && osFeatures.isEmpty
            && variant == nil
        guard !saysNothing else { return old }
        return Platform(
            os: os ?? old?.os ?? "linux",
            architecture: architecture ?? old?.architecture ?? "unknown",
            variant: variant ?? old?.variant, osVersion: osVersion ?? old?.osVersion,
            osFeatures: osFeatures.isEmpty ? old?.osFeatures ?? [] : osFeatures)
    }
}
