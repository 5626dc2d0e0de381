package import Diagnostics
package import Linux
import Storage
package import SystemPackage

/// One file, or a directory with all that is in it, as a plain tar archive: what `cp … -` gives.
package struct PathArchive: Sendable {
    private let directory: FilePath
    private let name: String
    private let newName: String?
    private let owners: UserMaps?

    /// An archive of a name.
    ///
    /// - Parameters:
    ///   - directory: the directory that has the name.
    ///   - name: what is archived; a symbolic link itself, `.` for the directory.
    ///   - newName: what the archive calls it; nil for the content of a directory without it.
    ///   - owners: the maps of the user namespace in which the files' owners are the archive's; nil
    ///     for none.
    package init(
        directory: FilePath, name: String, as newName: String?, ownersIn owners: UserMaps?
    ) {
        self.directory = directory
        self.name = name
        self.newName = newName
        self.owners = owners
    }

    /// Writes the archive.
    ///
    /// - Parameter output: a file or a pipe, written from its offset.
    /// - Returns: what the archive holds, and what of the files it could not hold.
    /// - Throws: `.notFound` where there is no such name, `.exhausted` when the disk is full.
    @discardableResult
    package func write(to output: borrowing OwnedFD) throws(Problem) -> ArchiveTally {
        try ArchiveThreads.write(to: output, named: "the archive") { [self] emit throws(Problem) in
            var archiver = TreeArchiver(
                TarWriter(emit), latestTime: nil, withoutMountPoints: [], ownersIn: owners)
            try add(to: &archiver)
            try archiver.tar.finish()
            return archiver.tally
        }
    }

    private func add(to archiver: inout TreeArchiver) throws(Problem) {
        let parent = try asking("cannot open \(directory)") { () throws(SystemCallError) in
            try OpenDirectory(at: directory)
        }
        let status = try asking("cannot read \(name)") { () throws(SystemCallError) in
            try parent.status(of: name)
        }
        guard let status else {
            throw Problem(
                kind: .notFound, what: "cannot read \(name)", why: "no such file or directory")
        }
        let path = Array((newName ?? "").utf8)
        guard status.kind == .directory else {
            return try archiver.add(
                cString(Array(name.utf8)), status, in: parent, dataIn: nil, at: path)
        }
        let top = try asking("cannot open \(name)") { () throws(SystemCallError) in
            try parent.directory(name)
        }
        try archiver.add(directory: top, at: path)
        // One layer alone: what the directory shows, whatever is mounted there.
        let whole = try MergedDirectory(
            [FilePath("/proc/self/fd/\(top.descriptor.rawValue)")])
        try archiver.addContent(of: whole, at: path)
    }
}
