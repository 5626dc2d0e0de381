import AsyncHTTPClient
import Diagnostics
import NIOCore
import OCI
import Storage

/// From a reference to the manifest and configuration of one platform.
extension ImagePull {
    /// How deep indexes may nest.
    private static let deepestNesting = 4
    /// More than a configuration has.
    private static let configurationLimitInBytes: Int64 = 16 << 20

    /// What the reference names at the registry now.
    ///
    /// A tag that the store knows is asked for with HEAD, which counts against no download limit.
    func topDescriptor() async throws -> Descriptor {
        let known = try await blocking { try content.references.descriptor(of: reference) }
        if let digest = reference.digest {
            if let known, content.contains(digest) { return known }
            return try await noted(.digest(digest)).descriptor
        }
        let tag = reference.tag ?? "latest"
        if !resolvers.isEmpty {
            let digest = try await resolvedElsewhere(tag)
            if let known, known.digest == digest, content.contains(digest) { return known }
            return try await noted(.digest(digest)).descriptor
        }
        if let known, content.contains(known.digest) {
            let current = try await client.manifestDigest(of: tag, purpose: purpose)
            if current == known.digest { return known }
        }
        // Who goes on at another place does not ask this one for its tags.
        let document =
            isAtLastPlace
            ? try await client.namedManifest(.tag(tag), purpose: purpose)
            : try await client.manifest(.tag(tag), purpose: purpose)
        return noted(document).descriptor
    }

    /// The digest of a tag from the first place that says it, where this one may not be asked.
    private func resolvedElsewhere(_ tag: String) async throws -> Digest {
        var failures: [String] = []
        for resolver in resolvers {
            let client = RegistryClient(resolver, access: .pull, settings: settings)
            await tellPlace(of: client, .names)
            let result: Result<Digest?, any Error>
            do {
                result = .success(try await client.manifestDigest(of: tag, purpose: purpose))
            } catch {
                result = .failure(error)
            }
            await client.shutDown()
            switch result {
            case .success(let digest?): return digest
            case .success(nil): failures.append("\(resolver.registry) does not say its digest")
            case .failure(let problem as Problem):
                failures.append("\(resolver.registry): \(problem.why)")
            case .failure(let error): throw error
            }
        }
        throw Problem(
            kind: .unavailable, what: purpose, why: failures.joined(separator: "; "),
            fix: "pull by digest, or let another host of hosts.toml resolve tags")
    }

    /// Finds out all that has to come for what the reference names, and whether it may.
    func parts(of top: Descriptor) async throws -> PullParts {
        var parts = PullParts()
        let chosen: ManifestDocument
        do {
            chosen = try await manifest(below: top, collecting: &parts.documents)
        } catch let problem as Problem where takesAllPlatforms && problem.kind == .notFound {
            // None is for this machine, and all are wanted.
            try await addAll(below: top, to: &parts, depth: 0)
            return parts
        }
        try await add(chosen, unpacked: true, to: &parts)
        if takesAllPlatforms { try await addAll(below: top, to: &parts, depth: 0) }
        return parts
    }

    /// Adds every image and index below one; what is there already stays as it is.
    private func addAll(
        below descriptor: Descriptor, to parts: inout PullParts, depth: Int
    ) async throws {
        guard descriptor.mediaType.isIndex || descriptor.mediaType.isManifest else {
            parts.add(descriptor, diffID: nil)  // the specification lets an index name anything
            return
        }
        guard depth <= Self.deepestNesting else { throw nestsTooDeep() }
        let document = try await document(of: descriptor)
        if !parts.documents.contains(where: { $0.digest == document.digest }) {
            parts.documents.append(document)
        }
        guard document.mediaType.isIndex else {
            return try await add(document, unpacked: false, to: &parts)
        }
        let index = try ImageIndex(json: document.bytes, named: "the image index")
        try await keepEmbedded(index.manifests)
        for child in index.manifests {
            try await addAll(below: child, to: &parts, depth: depth + 1)
        }
    }

    /// Adds a manifest's configuration and layers.
    ///
    /// Layers that are not unpacked now are when a container needs them.
    private func add(
        _ document: ManifestDocument, unpacked: Bool, to parts: inout PullParts
    ) async throws {
        guard parts.images.insert(document.digest).inserted else { return }
        try await admit(document)
        let manifest = try Manifest(json: document.bytes, named: "the manifest")
        try await keepEmbedded([manifest.config] + manifest.layers)
        parts.image = parts.image ?? manifest.config.digest
        let isImage = manifest.config.mediaType.isImageConfiguration
        if isImage, unpacked, let layer = manifest.layers.first(where: { $0.specialLayer != nil }),
            let special = layer.specialLayer
        {
            throw Problem(
                kind: .unsupported, what: purpose,
                why: "its layer \(layer.digest) cannot be used: \(special.why)", fix: special.fix)
        }
        let unknown = manifest.layers.first { $0.mediaType.layerCompression == nil }
        if isImage, unpacked, let unknown {
            throw Problem(
                kind: .unsupported, what: purpose,
                why: "its layer \(unknown.digest) is of the type \(unknown.mediaType)",
                fix: "push the image with gzip or zstd layers")
        }
        guard isImage, unknown == nil else {
            for blob in [manifest.config] + manifest.layers { parts.add(blob, diffID: nil) }
            return
        }
        let configuration = try await configuration(of: manifest, isChosen: unpacked)
        parts.configurations.append(manifest.config)
        for (layer, diffID) in zip(manifest.layers, configuration.rootfs.diffIDs) {
            parts.add(layer, diffID: unpacked ? diffID : nil)
        }
    }

    /// Walks through indexes to the manifest of the platform.
    private func manifest(
        below top: Descriptor, collecting documents: inout [ManifestDocument]
    ) async throws -> ManifestDocument {
        var descriptor = top
        for _ in 0...Self.deepestNesting {
            let document = try await document(of: descriptor)
            documents.append(document)
            if document.mediaType.isManifest { return document }
            let index = try ImageIndex(json: document.bytes, named: "the image index")
            try await keepEmbedded(index.manifests)
            descriptor = try index.selectManifest(
                for: platform ?? .host, named: "\(reference)")
        }
        throw nestsTooDeep()
    }

    /// Puts content into the store that descriptors hold themselves: nobody is asked for it.
    private func keepEmbedded(_ descriptors: [Descriptor]) async throws {
        try await blocking {
            for descriptor in descriptors {
                guard let bytes = try descriptor.embeddedContent(),
                    !content.contains(descriptor.digest)
                else { continue }
                try content.store(bytes, as: descriptor.digest)
            }
        }
    }

    private func nestsTooDeep() -> Problem {
        Problem(
            kind: .invalid, what: purpose,
            why: "its image indexes nest deeper than \(Self.deepestNesting) times")
    }

    /// Fetches and checks the configuration that a manifest names.
    private func configuration(
        of manifest: Manifest, isChosen: Bool
    ) async throws -> ImageConfiguration {
        let descriptor = manifest.config
        guard descriptor.size <= Self.configurationLimitInBytes else {
            throw Problem(
                kind: .invalid, what: purpose,
                why: "its configuration has \(descriptor.size) bytes, more than any image's")
        }
        let bytes = try await told(.configuration, descriptor) {
            try await smallBlob(descriptor)
        }
        let configuration = try ImageConfiguration(json: bytes, named: "the image configuration")
        guard configuration.rootfs.diffIDs.count == manifest.layers.count else {
            throw Problem(
                kind: .invalid, what: purpose,
                why: "its manifest has \(manifest.layers.count) layers, its configuration "
                    + "\(configuration.rootfs.diffIDs.count)")
        }
        if isChosen, let platform {
            let own = Platform(
                os: configuration.os, architecture: configuration.architecture,
                variant: configuration.variant)
            guard platform.runnable.contains(own) else {
                throw Problem(
                    kind: .notFound, what: purpose,
                    why: "it is for \(own), and \(platform) was asked for",
                    fix: "leave --platform out, or use: --platform \(own)")
            }
        }
        return configuration
    }

    /// A manifest or index, from the store when it is there.
    private func document(of descriptor: Descriptor) async throws -> ManifestDocument {
        guard let bytes = try await here(descriptor.digest, limitInBytes: 8 << 20) else {
            return try await told(descriptor.mediaType.isIndex ? .index : .manifest, descriptor) {
                try await noted(.digest(descriptor.digest))
            }
        }
        let type = try ManifestType.mediaType(
            of: bytes, contentType: descriptor.mediaType.rawValue, purpose: purpose)
        return ManifestDocument(bytes: bytes, mediaType: type, digest: descriptor.digest)
    }

    /// Fetches a document, and tells of it where that is wanted.
    private func told<Document>(
        _ kind: PullEvent.DocumentKind, _ descriptor: Descriptor,
        _ fetch: () async throws -> Document
    ) async throws -> Document {
        guard tellsEachPart else { return try await fetch() }
        let limit = Int(Self.configurationLimitInBytes)
        let isHere = try await here(descriptor.digest, limitInBytes: limit) != nil
        if !isHere { report(.document(kind, descriptor, status: .downloading)) }
        let document = try await fetch()
        report(.document(kind, descriptor, status: isHere ? .exists : .done))
        return document
    }

    /// What has come already, or was in the store.
    private func here(_ digest: Digest, limitInBytes limit: Int) async throws -> [UInt8]? {
        if let bytes = small[digest] { return bytes }
        let stored = try await blocking { try content.readIfHere(digest, limitInBytes: limit) }
        if let stored { small.note(stored, as: digest) }
        return stored
    }

    private func noted(_ name: ManifestName) async throws -> ManifestDocument {
        noted(try await client.manifest(name, purpose: purpose))
    }

    private func noted(_ document: ManifestDocument) -> ManifestDocument {
        small.note(document.bytes, as: document.digest)
        return document
    }

    /// A blob that fits in memory, from the store when it is there.
    func smallBlob(_ descriptor: Descriptor) async throws -> [UInt8] {
        let limit = Int(Self.configurationLimitInBytes)
        if let bytes = try await here(descriptor.digest, limitInBytes: limit) { return bytes }
        let bytes = try await client.smallBlob(descriptor, purpose: purpose)
        small.note(bytes, as: descriptor.digest)
        return bytes
    }
}
