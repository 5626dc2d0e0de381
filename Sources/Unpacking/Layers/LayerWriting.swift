package import Diagnostics
package import Linux
package import OCI
package import Storage
package import SystemPackage

/// How a new layer is written.
package struct LayerOptions: Sendable {
    /// How its blob is compressed.
    ///
    /// An uncompressed blob is the same wherever its files are, and one of zstd where the library
    /// has the same version. ISA-L, which makes gzip, goes by the processor.
    package var compression: LayerCompression
    /// Later times of change become this one: `SOURCE_DATE_EPOCH`; nil leaves all as they are.
    package var latestTime: FileTime?

    /// Empty files and directories of these absolute paths are left out where they are new, and
    /// directories that changed by them alone: what a runtime made to mount on.
    package var mountPoints: Set<String>
    /// The maps of the user namespace in which the files' owners are the layer's; nil for none.
    package var owners: UserMaps?

    package init(
        compression: LayerCompression, latestTime: FileTime?,
        withoutMountPoints mountPoints: Set<String>, ownersIn owners: UserMaps?
    ) {
        self.compression = compression
        self.owners = owners
        self.latestTime = latestTime
        self.mountPoints = mountPoints
    }
}

/// A layer that was written: its blob is in the store, and it is unpacked.
package struct NewLayer: Sendable {
    /// The blob: media type, digest and size.
    package let descriptor: Descriptor
    /// The digest of the uncompressed archive, under which it is unpacked.
    package let diffID: Digest
    /// What it holds; without entries nothing was changed.
    package let tally: ArchiveTally
}

extension ContentStore {
    /// Makes a layer of what was changed.
    ///
    /// Nothing is mounted: the directories themselves are read, so the files may be mounted or
    /// not, but nobody should write to it meanwhile. One thread reads the files and one computes the
    /// diffID while this one compresses and stores; bounded queues between them hold a few MB.
    ///
    /// - Parameters:
    ///   - changes: what was written is the layer. The lower layers decide which marks hide
    ///     anything; without them all that was written is new.
    ///   - options: compression and times.
    ///   - layers: where it is unpacked.
    ///   - lease: protects blob and layer until something names them, and is kept by the caller.
    /// - Returns: the layer; the same files give the same diffID.
    /// - Throws: `.unsupported` for names that a layer cannot hold, `.exhausted` when the disk is
    ///   full, `.conflict` when somebody removed the blob meanwhile.
    package func writeLayer(
        of changes: Snapshot, _ options: LayerOptions, into layers: Layers,
        under lease: borrowing Lease
    ) throws(Problem) -> NewLayer {
        try write(options, into: layers, under: lease) { archiver throws(Problem) in
            let written: Void? = try changes.withChanges { (top, lower) throws(Problem) in
                try archiver.addChanges(of: top, against: lower)
            }
            guard written != nil else {
                throw Problem(
                    kind: .invalid, what: "cannot make a layer",
                    why: "the overlay has no upper layer")
            }
        }
    }

    /// Makes one layer that does what several do.
    ///
    /// - Parameters:
    ///   - paths: the directories of all layers, the uppermost first.
    ///   - base: those of the lowest ones, which stay as they are.
    ///   - options: compression and times.
    ///   - layers: where it is unpacked.
    ///   - lease: protects blob and layer, as for ``writeLayer(of:_:into:under:)``.
    /// - Returns: the layer; the same files give the same diffID.
    /// - Throws: as ``writeLayer(of:_:into:under:)``.
    package func writeSquashedLayer(
        of paths: [FilePath], over base: [FilePath], _ options: LayerOptions, into layers: Layers,
        under lease: borrowing Lease
    ) throws(Problem) -> NewLayer {
        try write(options, into: layers, under: lease) { archiver throws(Problem) in
            try archiver.addDifference(
                of: try MergedDirectory(paths), from: try MergedDirectory(base))
        }
    }

    private func write(
        _ options: LayerOptions, into layers: Layers, under lease: borrowing Lease,
        _ fill: @escaping @Sendable (inout TreeArchiver) throws(Problem) -> Void
    ) throws(Problem) -> NewLayer {
        let archive = ArchiveThreads(hashes: options.compression != .uncompressed)
        try archive.start { emit throws(Problem) in
            var archiver = TreeArchiver(
                TarWriter(emit), latestTime: options.latestTime,
                withoutMountPoints: options.mountPoints, ownersIn: options.owners)
            try fill(&archiver)
            try archiver.tar.finish()
            return archiver.tally
        }
        return try write(archive, options, into: layers, under: lease)
    }

    private func write(
        _ archive: ArchiveThreads, _ options: LayerOptions, into layers: Layers,
        under lease: borrowing Lease
    ) throws(Problem) -> NewLayer {
        let result: ArchiveThreads.Result
        let descriptor: Descriptor
        do throws(Problem) {
            var writer = try writer()
            let source = try compressed(archive.source, as: options.compression)
            while let chunk = try source.nextChunk() { try writer.write(chunk.bytes) }
            result = try archive.finish()
            let size = writer.offsetInBytes
            let digest = try writer.seal()
            try lease.protect([digest, result.digest ?? digest])
            try writer.place(as: digest)
            descriptor = Descriptor(
                mediaType: MediaType(layer: options.compression, isDockers: false), digest: digest,
                size: size)
        } catch {
            throw archive.end(because: error)
        }
        let diffID = result.digest ?? descriptor.digest
        var unlimited = layers
        unlimited.archiveLimit = .none  // its files are on this machine already
        try unlimited.unpack(descriptor.digest, diffID: diffID, from: self)
        return NewLayer(descriptor: descriptor, diffID: diffID, tally: result.tally)
    }
}
