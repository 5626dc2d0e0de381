package import Diagnostics
package import Linux
package import Storage
package import SystemPackage

/// A tar archive of ordinary files, compressed or not: no layer, so that no name in it is special.
package enum FileArchive {
    /// Whether a file is such an archive: its first header can be read.
    package static func isArchive(_ path: FilePath) throws(Problem) -> Bool {
        do throws(Problem) {
            let file = try asking("cannot read \(path)") { () throws(SystemCallError) in
                try OwnedFD.open(path, .readOnly)
            }
            var reader = try reader(of: file, named: path.string, limit: .usual)
            return try reader.nextEntry() != nil
        } catch  where error.kind == .corrupt || error.kind == .invalid {
            return false
        }
    }

    /// Unpacks an archive into a directory.
    ///
    /// Owners, modes, times, links and devices are the archive's; what is there already gives way to
    /// what has its name. Nothing outside the directory is touched, whatever the archive says.
    ///
    /// - Parameters:
    ///   - file: the archive, read from its offset.
    ///   - name: what it is, for errors.
    ///   - directory: where to.
    ///   - limit: how large it may be when it is decompressed.
    ///   - owners: the maps of the user namespace whose users the owners are; nil for none.
    /// - Throws: `.corrupt` or `.invalid` when it is no archive that can be unpacked.
    package static func unpack(
        _ file: consuming OwnedFD, named name: String, into directory: consuming OpenDirectory,
        limit: ArchiveLimit, ownersIn owners: UserMaps?
    ) throws(Problem) {
        try asking("cannot unpack \(name)") { () throws(SystemCallError) in
            try clearUmaskOfThisThread()
        }
        var reader = try reader(of: file, named: name, limit: limit)
        var unpacker = try LayerUnpacker(into: directory)
        unpacker.readsWhiteouts = false
        unpacker.owners = owners
        // What is made before its owner is known has to have one.
        var identity: FileSystemIdentity?
        if let root = owners?.root {
            identity = try asking("cannot unpack \(name)") { () throws(SystemCallError) in
                try FileSystemIdentity(root)
            }
        }
        defer { withExtendedLifetime(identity) {} }
        try unpacker.unpack(&reader)
    }

    private static func reader(
        of file: consuming OwnedFD, named name: String, limit: ArchiveLimit
    ) throws(Problem) -> TarReader {
        TarReader(try decompressed(FileSource(file, named: name), limit: limit))
    }
}
