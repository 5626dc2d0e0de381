import Diagnostics
import Engine
import OCI

extension ImageBuild {
    /// The image that the source policy has in the place of one.
    ///
    /// An ID of an image of the store stays: the policy is about what is fetched.
    ///
    /// - Throws: `.denied`.
    func admitted(image: String) throws(Problem) -> String {
        guard let policy = request.sourcePolicy, try !engine.steps.hasImage(wholeID: image) else {
            return image
        }
        let scheme = "docker-image://"
        // What is no reference is the beginning of an ID.
        let name = (try? ImageReference(parsing: image))?.withDefaultTag.description ?? image
        let source = try policy.source(for: scheme + name)
        guard source.identifier != scheme + name else { return image }
        guard source.identifier.hasPrefix(scheme), source.checksum == nil else {
            throw Self.cannotBecome(image, source)
        }
        return String(source.identifier.dropFirst(scheme.count))
    }

    /// The file of the web that the source policy has in the place of one.
    ///
    /// - Parameters:
    ///   - address: the file.
    ///   - checksum: what the instruction wants of it.
    /// - Returns: the file, which is not downloaded yet.
    /// - Throws: `.denied`; `.invalid` for a checksum that is none.
    func admittedFile(_ address: String, checksum: String?) throws(Problem) -> RemoteFile {
        var source = SourcePolicy.Source(identifier: address, checksum: checksum)
        if let policy = request.sourcePolicy {
            let admitted = try policy.source(for: address)
            guard case .web? = RemoteSource(admitted.identifier),
                checksum == nil || admitted.checksum == nil || checksum == admitted.checksum
            else { throw Self.cannotBecome(address, admitted) }
            source.identifier = admitted.identifier
            source.checksum = admitted.checksum ?? checksum
        }
        var digest: Digest?
        if let text = source.checksum { digest = try Digest(parsing: text) }
        return RemoteFile(source.identifier, checksum: digest, steps: engine.steps)
    }

    /// Refuses a source that the policy may allow or not, and not make another one.
    ///
    /// - Throws: `.denied`.
    func admit(source identifier: String) throws(Problem) {
        guard let policy = request.sourcePolicy else { return }
        let source = try policy.source(for: identifier)
        guard source.identifier == identifier, source.checksum == nil else {
            throw Self.cannotBecome(identifier, source)
        }
    }

    private static func cannotBecome(_ text: String, _ source: SourcePolicy.Source) -> Problem {
        Problem(
            kind: .unsupported, what: "cannot use \(text)",
            why:
                "the source policy makes \(source.identifier) of it, and this version of Kade does "
                + "not do that",
            fix: "images become images, and files of the web others with a checksum")
    }
}

extension GitSource {
    /// What source policies call it: `git://HOST/PATH#REFERENCE`.
    var policyIdentifier: String {
        var place = address[...]
        for scheme in ["https://", "http://", "ssh://", "git://"] where place.hasPrefix(scheme) {
            place = place.dropFirst(scheme.count)
            break
        }
        return "git://\(place)" + (reference.map { "#\($0)" } ?? "")
    }
}
