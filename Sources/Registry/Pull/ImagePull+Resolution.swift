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
            return try await storedDocument(.digest(digest)).descriptor
        }
        let tag = reference.tag ?? "latest"
        if let known, content.contains(known.digest) {
            let current = try await client.manifestDigest(of: tag, purpose: purpose)
            if current == known.digest { return known }
        }
        return try await storedDocument(.tag(tag)).descriptor
    }

    /// Walks through indexes to the manifest of the platform.
    func manifest(
        below top: Descriptor, collecting documents: inout [ManifestDocument]
    ) async throws -> Manifest {
        var descriptor = top
        for _ in 0...Self.deepestNesting {
            let document = try await document(of: descriptor)
            documents.append(document)
            if document.mediaType.isManifest {
                return try image(Manifest(json: document.bytes, named: "the manifest"))
            }
            let index = try ImageIndex(json: document.bytes, named: "the image index")
            descriptor = try index.selectManifest(
                for: platform ?? .host, named: "\(reference)")
        }
        throw Problem(
            kind: .invalid, what: purpose,
            why: "its image indexes nest deeper than \(Self.deepestNesting) times")
    }

    /// Fetches and checks the configuration that a manifest names.
    func configuration(of manifest: Manifest) async throws -> ImageConfiguration {
        let descriptor = manifest.config
        guard descriptor.size <= Self.configurationLimitInBytes else {
            throw Problem(
                kind: .invalid, what: purpose,
                why: "its configuration has \(descriptor.size) bytes, more than any image's")
        }
        let bytes = try await smallBlob(descriptor)
        let configuration = try ImageConfiguration(json: bytes, named: "the image configuration")
        guard configuration.rootfs.diffIDs.count == manifest.layers.count else {
            throw Problem(
                kind: .invalid, what: purpose,
                why: "its manifest has \(manifest.layers.count) layers, its configuration "
                    + "\(configuration.rootfs.diffIDs.count)")
        }
        if let platform {
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

    /// Refuses a manifest that is no container image.
    private func image(_ manifest: Manifest) throws(Problem) -> Manifest {
        let type = manifest.config.mediaType
        guard type.isImageConfiguration else {
            throw Problem(
                kind: .unsupported, what: purpose,
                why: "it is an artifact of the type \(manifest.artifactType ?? type.rawValue), "
                    + "no container image")
        }
        for layer in manifest.layers where layer.mediaType.layerCompression == nil {
            throw Problem(
                kind: .unsupported, what: purpose,
                why: "its layer \(layer.digest) is of the type \(layer.mediaType)",
                fix: "push the image with gzip or zstd layers")
        }
        return manifest
    }

    /// A manifest or index, from the store when it is there.
    private func document(of descriptor: Descriptor) async throws -> ManifestDocument {
        guard content.contains(descriptor.digest) else {
            return try await storedDocument(.digest(descriptor.digest))
        }
        let bytes = try await blocking {
            try content.read(descriptor.digest, limitInBytes: 8 << 20)
        }
        let type = try ManifestType.mediaType(
            of: bytes, contentType: descriptor.mediaType.rawValue, purpose: purpose)
        return ManifestDocument(bytes: bytes, mediaType: type, digest: descriptor.digest)
    }

    private func storedDocument(_ name: ManifestName) async throws -> ManifestDocument {
        let document = try await client.manifest(name, purpose: purpose)
        try await blocking { try content.store(document.bytes, as: document.digest) }
        return document
    }

    /// A blob that fits in memory, from the store when it is there.
    private func smallBlob(_ descriptor: Descriptor) async throws -> [UInt8] {
        if content.contains(descriptor.digest) {
            return try await blocking {
                try content.read(
                    descriptor.digest, limitInBytes: Int(Self.configurationLimitInBytes))
            }
        }
        let download = try await client.blob(descriptor.digest, fromByte: 0, purpose: purpose)
        let body = try await download.body.collect(upTo: Int(descriptor.size))
        let bytes = Array(body.readableBytesView)
        try await blocking { try content.store(bytes, as: descriptor.digest) }
        return bytes
    }
}

extension ContentStore {
    /// Stores bytes in memory under a digest, which is verified.
    func store(_ bytes: [UInt8], as digest: Digest) throws(Problem) {
        guard var writer = try writer(for: digest, sizeInBytes: Int64(bytes.count)) else { return }
        try writer.restart()
        try writer.write(bytes)
        try writer.commit()
    }
}
