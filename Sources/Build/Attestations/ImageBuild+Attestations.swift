import Diagnostics
import Engine
import OCI
import Storage

/// What a build attests of its image: `--provenance`, `--sbom` and `--attest`.
package struct AttestationRequest: Sendable, Equatable {
    /// How much is told of the build.
    package enum Provenance: String, Sendable {
        /// What it was made of.
        case min
        /// Also the Dockerfile and the arguments.
        case max
    }

    package var provenance: Provenance?
    /// Whether the packages of the image are listed.
    package var listsPackages = false

    package init() {}
}

extension ImageBuild {
    /// Keeps what is attested of an image as a manifest of its own, as Docker's builder does.
    ///
    /// - Returns: its descriptor for the index; nil when nothing is attested.
    func attest(
        _ image: Descriptor, _ result: StageResult, names: [String]
    ) throws(Problem) -> Descriptor? {
        var statements: [(type: String, predicate: JSONValue)] = []
        if request.attestations.listsPackages {
            let packages = try engine.steps.installedPackages(in: result.diffIDs)
            statements.append(
                (SPDXDocument.type, SPDXDocument(packages, of: image, created: result.created).json)
            )
        }
        if let mode = request.attestations.provenance {
            statements.append((Provenance.type, provenance(mode, of: result)))
        }
        guard !statements.isEmpty else { return nil }
        var layers: [Descriptor] = []
        for (type, predicate) in statements {
            let statement: JSONValue = [
                "_type": "https://in-toto.io/Statement/v0.1", "predicateType": .string(type),
                "subject": .array(subjects(of: image, named: names)), "predicate": predicate,
            ]
            let bytes = statement.json()
            let digest = ContentHasher.sha256(bytes)
            try protect([digest])
            try store.store(bytes)
            layers.append(
                Descriptor(
                    mediaType: MediaType(rawValue: "application/vnd.in-toto+json"), digest: digest,
                    size: Int64(bytes.count), annotations: ["in-toto.io/predicate-type": type]))
        }
        let configuration = ImageConfiguration(
            architecture: "unknown", os: "unknown",
            rootfs: .init(type: .layers, diffIDs: layers.map(\.digest)))
        var descriptor = try withLease { lease throws(Problem) in
            try store.storeImage(
                configuration, layers: layers, annotations: [:], isDockers: false, under: lease)
        }
        descriptor.platform = Platform(os: "unknown", architecture: "unknown")
        descriptor.annotations = [
            "vnd.docker.reference.digest": "\(image.digest)",
            "vnd.docker.reference.type": "attestation-manifest",
        ]
        return descriptor
    }

    /// The image under each of its names.
    private func subjects(of image: Descriptor, named tags: [String]) -> [JSONValue] {
        let digest: JSONValue = .object(
            JSONObject([.init(image.digest.algorithm, .string(image.digest.encoded))]))
        let names = tags.compactMap { tag in
            // A tag that is none was refused before.
            (try? ImageReference(parsing: tag))?.withDefaultTag
        }
        guard !names.isEmpty else { return [["name": "_", "digest": digest]] }
        return names.map { name in
            [
                "name": .string(PackageAddress.image(name, platform: image.platform)),
                "digest": digest,
            ]
        }
    }

    /// What the image was made of, and by what.
    private func provenance(
        _ mode: AttestationRequest.Provenance, of result: StageResult
    ) -> JSONValue {
        var parameters: JSONObject = ["frontend": "dockerfile.v0"]
        var metadata: JSONObject = [
            "completeness": [
                "parameters": .bool(mode == .max), "environment": true, "materials": true,
            ],
            "reproducible": true,
        ]
        if mode == .max {
            var arguments = JSONObject()
            // Proxies are the machine's, and may have a password.
            for (name, value) in request.arguments.sorted(by: { $0.key < $1.key })
            where !BuildArguments.proxyNames.contains(name) {
                arguments.append("build-arg:\(name)", .string(value))
            }
            for label in request.labels {
                arguments.append("label:\(label.name)", .string(label.value))
            }
            if let target = request.target { arguments.append("target", .string(target)) }
            parameters.append("args", .object(arguments))
            parameters.append("locals", [["name": "context"], ["name": "dockerfile"]])
            metadata.append(
                Provenance.sourceMember,
                [
                    "source": [
                        "infos": [
                            [
                                "filename": .string(request.dockerfileName),
                                "language": "Dockerfile",
                                "data": .string(Base64.encode(request.dockerfile)),
                            ]
                        ]
                    ]
                ])
        }
        let platform = result.platform
        let words = [platform.os, platform.architecture] + [platform.variant].compactMap(\.self)
        return [
            "builder": ["id": ""], "buildType": .string(Provenance.buildType),
            "materials": .array(materials.all.map(\.json)),
            "invocation": [
                "configSource": ["entryPoint": .string(request.dockerfileName)],
                "parameters": .object(parameters),
                "environment": ["platform": .string(words.joined(separator: "/"))],
            ],
            "metadata": .object(metadata),
        ]
    }
}

/// The words of a statement about how something was made (slsa.dev, provenance v0.2).
private enum Provenance {
    static let type = "https://slsa.dev/provenance/v0.2"
    static let buildType = "urn:kade:build:dockerfile:1"
    static let sourceMember = "urn:kade:build:dockerfile:1#metadata"
}
