package import Diagnostics

extension ImageIndex {
    /// The manifest (or further index) for a platform.
    ///
    /// The best platform that runs on the given one wins, and among equals the first in the index
    /// (image-spec, image-index.md). Attestations are never chosen. A manifest without a platform
    /// counts only when none has a matching one.
    ///
    /// - Parameters:
    ///   - platform: what the image shall run on.
    ///   - name: the image's name, for the error.
    /// - Returns: what the index says of it.
    /// - Throws: `.notFound` that lists the platforms that the index has.
    package func selectManifest(
        for platform: Platform, named name: String
    ) throws(Problem) -> Descriptor {
        let candidates = manifests.filter { !$0.isAttestation }
        for runnable in platform.runnable {
            let match = candidates.first { candidate in
                candidate.platform.map { runnable.accepts($0) } ?? false
            }
            if let match { return match }
        }
        let anonymous = candidates.first { candidate in
            candidate.platform == nil
                && (candidate.mediaType.isManifest || candidate.mediaType.isIndex)
        }
        if let anonymous { return anonymous }
        throw Problem(
            kind: .notFound, what: "cannot use \(name) on \(platform)",
            why: candidates.isEmpty
                ? "it has no image" : "it has only \(Self.list(candidates.compactMap(\.platform)))",
            fix: candidates.isEmpty ? nil : "choose one with --platform")
    }

    private static func list(_ platforms: [Platform]) -> String {
        var names: [String] = []
        for platform in platforms where !names.contains(platform.description) {
            names.append(platform.description)
        }
        return names.joined(separator: ", ")
    }
}

extension Platform {
    /// Whether an image for the other platform is meant by this one.
    fileprivate func accepts(_ other: Platform) -> Bool {
        os == other.os && architecture == other.architecture && variant == other.variant
    }
}

extension Descriptor {
    /// Whether it is a build's provenance or bill of materials, which BuildKit stores as if it were
    /// a further platform's image.
    package var isAttestation: Bool {
        annotations["vnd.docker.reference.type"] == "attestation-manifest"
            || (platform?.os == "unknown" && platform?.architecture == "unknown")
    }
}
