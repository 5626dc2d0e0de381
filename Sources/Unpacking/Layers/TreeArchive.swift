package import Diagnostics
package import Linux
import Storage
package import SystemPackage

/// All that stacked layers show, as a plain tar archive: what `export` gives.
package struct TreeArchive: Sendable {
    private let layers: [FilePath]
    private let latestTime: FileTime?
    private let owners: UserMaps?

    /// An archive of layers.
    ///
    /// - Parameters:
    ///   - layers: their directories, the uppermost first; of a container its upper directory and
    ///     then its lower ones. Nothing is mounted.
    ///   - latestTime: later times of change become this one; nil leaves all as they are.
    ///   - owners: the maps of the user namespace in which the files' owners are the archive's; nil
    ///     for none.
    package init(layers: [FilePath], latestTime: FileTime?, ownersIn owners: UserMaps?) {
        self.layers = layers
        self.owners = owners
        self.latestTime = latestTime
    }

    /// Writes the archive.
    ///
    /// - Parameters:
    ///   - output: a file or a pipe, written from its offset.
    ///   - name: what it is, for errors.
    /// - Returns: what the archive holds, and what of the files it could not hold.
    /// - Throws: `.notFound` for a layer that does not exist, `.exhausted` when the disk is full.
    @discardableResult
    package func write(
        to output: borrowing OwnedFD, named name: String
    ) throws(Problem) -> ArchiveTally {
        try ArchiveThreads.write(to: output, named: name) {
            [layers, latestTime, owners] emit throws(Problem) in
            var archiver = TreeArchiver(
                TarWriter(emit), latestTime: latestTime, withoutMountPoints: [],
                ownersIn: owners)
            try archiver.addTree(try MergedDirectory(layers))
            try archiver.tar.finish()
            return archiver.tally
        }
    }
}

extension ArchiveThreads {
    /// Writes the archive that `archive` makes to a file or a pipe, while the rest of it is made.
    ///
    /// - Parameters:
    ///   - output: written from its offset.
    ///   - name: what it is, for errors.
    ///   - archive: gives the archive's bytes to what it is given, and says what it holds.
    /// - Returns: what the archive holds.
    /// - Throws: what `archive` throws; `.exhausted` when the disk is full.
    static func write(
        to output: borrowing OwnedFD, named name: String,
        _ archive: @escaping @Sendable (@escaping TarWriter.Emit) throws(Problem) -> ArchiveTally
    ) throws(Problem) -> ArchiveTally {
        let threads = ArchiveThreads(hashes: false)
        try threads.start(archive)
        do throws(Problem) {
            let source = threads.source
            while let chunk = try source.nextChunk() {
                try asking("cannot write \(name)") { () throws(SystemCallError) in
                    try output.writeAll(chunk.bytes)
                }
            }
            return try threads.finish().tally
        } catch {
            throw threads.end(because: error)
        }
    }
}
