package import Diagnostics
import Engine
import Linux
import OCI
import Storage
import SystemPackage

/// Caches of other machines.
extension ImageBuild {
    /// Takes in what other machines have built; a cache that is not there is no failure.
    func importCaches() throws(Problem) {
        for place in request.cacheSources {
            do throws(Problem) {
                switch place {
                case .registry(let name): try importCache(named: name)
                case .local(let path): try importCache(in: FilePath(path))
                case .inline: break
                }
            } catch {
                try interruption.check()
                report(.warned("no cache was taken in: \(error.what): \(error.why)"))
            }
        }
    }

    private func importCache(named name: String) throws(Problem) {
        let reference = try ImageReference(parsing: name).withDefaultTag
        let before = try store.references.descriptor(of: reference)
        try engine.images.pull("\(reference)", platform: nil, allTags: false) { _ in }
        guard let descriptor = try store.references.descriptor(of: reference) else { return }
        try takeIn(descriptor)
        try restore(reference, to: before, from: descriptor)
    }

    private func importCache(in directory: FilePath) throws(Problem) {
        let before = Set(try store.references.list().map(\.descriptor.digest))
        let names = try engine.images.load(from: directory, platforms: []) { _ in }
        for name in names {
            for entry in try store.references.list()
            where !before.contains(entry.descriptor.digest) || "\(entry.descriptor.digest)" == name
            {
                try takeIn(entry.descriptor)
                if !before.contains(entry.descriptor.digest), entry.name == nil {
                    try store.references.removeNameless(entry.descriptor.digest)
                }
            }
        }
    }

    /// Adds an image's records to the cache of this machine.
    private func takeIn(_ descriptor: Descriptor) throws(Problem) {
        let now = Timestamp.now.nanosecondsSinceEpoch / 1_000_000_000
        for image in try store.images(of: descriptor) {
            let layers = Dictionary(
                zip(image.configuration.rootfs.diffIDs, image.manifest.layers)
            ) { first, _ in first }
            try protect(Array(layers.keys) + layers.values.map(\.digest))
            for (key, diffID) in try CacheImage(image.configuration).records
            where store.buildCache.record(of: key) == nil {
                let layer = diffID.flatMap { layers[$0] }
                if diffID != nil, layer == nil { continue }
                try store.buildCache.keep(
                    CachedStep(layer: layer?.plain, diffID: diffID, usedAtSeconds: now), as: key)
            }
        }
    }

    /// Gives a name back what it named before a cache used it.
    private func restore(
        _ reference: ImageReference, to before: Descriptor?, from cache: Descriptor
    ) throws(Problem) {
        if let before {
            guard before.digest != cache.digest else { return }
            try store.references.set(reference, to: before)
        } else {
            _ = try store.references.remove(reference, ifNaming: cache.digest)
        }
        try store.references.removeNameless(cache.digest)
    }

    /// Sends what was built to where other machines find it.
    package func exportCaches(of result: StageResult) throws(Problem) {
        for export in request.cacheTargets where export.place != .inline {
            let image = try cacheImage(of: result, includingAllStages: export.includesAllStages)
            switch export.place {
            case .registry(let name):
                let reference = try ImageReference(parsing: name).withDefaultTag
                let before = try store.references.descriptor(of: reference)
                try store.references.set(reference, to: image)
                var request = TransferRequest("\(reference)")
                // The name means the cache for a moment only.
                request.encoding = LayerEncoding(.uncompressed)
                do throws(Problem) {
                    try engine.images.push(request) { _ in }
                } catch {
                    try restore(reference, to: before, from: image)
                    throw error
                }
                try restore(reference, to: before, from: image)
            case .local(let path): try save(image, into: FilePath(path))
            case .inline: break
            }
        }
    }

    /// Replaces a layout, or an empty directory, by the image's.
    private func save(_ image: Descriptor, into directory: FilePath) throws(Problem) {
        let layout = directory.appending("oci-layout")
        let what = "cannot write the cache to \(directory)"
        let isFree = try asking(what) { () throws(SystemCallError) in
            if File.exists(layout) || !File.exists(directory) { return true }
            return try Directory.list(directory).isEmpty
        }
        guard isFree else {
            throw Problem(
                kind: .conflict, what: what, why: "it holds something else than an OCI layout",
                fix: "name a new directory")
        }
        let new = FilePath("\(directory).\(Random.hexadecimal(bytes: 8))")
        try store.references.keep(image)
        do throws(Problem) {
            try engine.images.save(
                SaveRequest(names: ["\(image.digest)"], format: "oci-dir"), into: new)
        } catch {
            try store.references.removeNameless(image.digest)
            throw error
        }
        try store.references.removeNameless(image.digest)
        try asking(what) { () throws(SystemCallError) in
            if File.exists(directory) { try Directory.removeTree(directory) }
            try Link.rename(new, to: directory)
        }
    }

    /// An image of all layers that instructions made.
    private func cacheImage(
        of result: StageResult, includingAllStages: Bool
    ) throws(Problem) -> Descriptor {
        let wanted = includingAllStages ? Set(graph.needed) : ownStages
        let steps = request.madeSteps.all.filter { wanted.contains($0.stage) }
        var cache = CacheImage()
        var layers: [BuiltLayer] = []
        for step in steps {
            cache.records[step.key] = .some(step.layer?.diffID)
            if let layer = step.layer, !layers.contains(layer) { layers.append(layer) }
        }
        var configuration = ImageConfiguration(
            created: result.created, architecture: Platform.host.architecture, os: "linux",
            rootfs: .init(type: .layers, diffIDs: layers.map(\.diffID)))
        configuration.unknownFields[CacheImage.member] = cache.json
        return try withLease { lease throws(Problem) in
            try store.storeImage(
                configuration, layers: layers.map(\.descriptor), annotations: [:],
                isDockers: false, under: lease)
        }
    }

    /// The target and the stages that it begins on: their layers are the image's.
    private var ownStages: Set<Int> {
        var stages: Set<Int> = [graph.target]
        var index = graph.target
        while case .stage(let base) = graph.nodes[index].base {
            stages.insert(base)
            index = base
        }
        return stages
    }

    /// What the image itself tells of its making (`type=inline`).
    var inlineCache: JSONValue? {
        guard request.cacheTargets.contains(where: { $0.place == .inline }) else { return nil }
        let wanted = ownStages
        var cache = CacheImage()
        for step in request.madeSteps.all where wanted.contains(step.stage) {
            cache.records[step.key] = .some(step.layer?.diffID)
        }
        return cache.json
    }
}

extension Descriptor {
    /// Without the remarks that belong to one manifest.
    fileprivate var plain: Descriptor {
        Descriptor(mediaType: mediaType, digest: digest, size: size)
    }
}
