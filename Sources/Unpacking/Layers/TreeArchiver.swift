import Diagnostics
import Linux
import Storage
import SystemPackage

/// What an archive holds, and what of the files it could not hold.
package struct ArchiveTally: Sendable, Equatable {
    /// How many members it has.
    package var entries = 0
    /// The bytes of files, each counted once however many names it has.
    package var dataInBytes: Int64 = 0
    /// Sockets, which a tar archive cannot hold.
    package var skippedSockets = 0
    /// Attributes whose name PAX cannot hold: it has a "=".
    package var skippedAttributes = 0
    /// Files that became shorter while they were read; zeros stand for the rest.
    package var shortenedFiles = 0

    package init() {}
}

/// Writes files of directory trees as members of a tar archive.
///
/// Names come sorted by their bytes, a directory before what is in it; of the names of one file the
/// first is the file and the others are hard links.
struct TreeArchiver {
    var tar: TarWriter
    private(set) var tally = ArchiveTally()
    /// Later times become this one.
    private let latestTime: FileTime?
    /// The maps through which the files' owners are what the archive says; nil for as they are.
    private let owners: UserMaps?
    /// What is there only to be mounted on is left out of changes.
    let mountPoints: MountPointFilter
    private var firstNames: [FileStatus.Identity: [UInt8]] = [:]

    init(
        _ tar: TarWriter, latestTime: FileTime?, withoutMountPoints mountPoints: Set<String>,
        ownersIn owners: UserMaps?
    ) {
        self.tar = tar
        self.owners = owners
        self.mountPoints = MountPointFilter(mountPoints)
        self.latestTime = latestTime
    }

    /// Adds what a name of a layer stands for, unless it is a directory.
    mutating func add(
        _ name: [CChar], _ status: FileStatus, in holder: HeldDirectory, at path: [UInt8]
    ) throws(Problem) {
        try add(name, status, in: holder.directory, dataIn: holder.data, at: path)
    }

    /// Adds what a name stands for, unless it is a directory.
    mutating func add(
        _ name: [CChar], _ status: FileStatus, in directory: borrowing OpenDirectory,
        dataIn data: LayerData?, at path: [UInt8]
    ) throws(Problem) {
        guard status.kind != .socket else {
            tally.skippedSockets += 1
            return
        }
        if status.linkCount > 1, let first = firstNames[status.identity] {
            var entry = entry(status, .hardLink, at: path)
            entry.linkTarget = first
            try tar.begin(entry)
            tally.entries += 1
            return
        }
        if status.kind == .file {
            guard try addFile(name, in: directory, dataIn: data, at: path) else { return }
        } else {
            var entry = entry(status, TarEntry.Kind(status.kind), at: path)
            try asking("cannot read \(display(path))") { () throws(SystemCallError) in
                entry.attributes = try attributes(of: name, in: directory)
                if status.kind == .symlink {
                    entry.linkTarget = bytes(of: try directory.symlinkTarget(name))
                }
            }
            try tar.begin(entry)
        }
        tally.entries += 1
        if status.linkCount > 1 { firstNames[status.identity] = path }
    }

    /// Adds a directory that is open.
    mutating func add(
        directory: borrowing OpenDirectory, at path: [UInt8]
    ) throws(Problem) {
        let what = "cannot read \(display(path))"
        var entry = entry(
            try asking(what) { () throws(SystemCallError) in try directory.status() }, .directory,
            at: (path.isEmpty ? [46] : path) + [47])
        entry.attributes = try asking(what) { () throws(SystemCallError) in
            try attributes(of: [46, 0], in: directory)
        }
        try tar.begin(entry)
        tally.entries += 1
    }

    /// Adds an empty file that says something of lower layers.
    mutating func add(whiteout path: [UInt8]) throws(Problem) {
        // The owner and times of a whiteout mean nothing: they are always the same.
        try tar.begin(
            TarEntry(
                name: path, linkTarget: [], kind: .file, permissions: 0o600, owner: 0, group: 0,
                sizeInBytes: 0, modified: FileTime(seconds: 0, nanoseconds: 0),
                device: DeviceNumber(rawValue: 0), attributes: [], sparse: nil))
        tally.entries += 1
    }

    /// Adds a regular file; false when it was removed meanwhile.
    private mutating func addFile(
        _ name: [CChar], in directory: borrowing OpenDirectory, dataIn data: LayerData?,
        at path: [UInt8]
    ) throws(Problem) -> Bool {
        let what = "cannot read \(display(path))"
        var opened = try asking(what) { () throws(SystemCallError) -> OwnedFD? in
            do throws(SystemCallError) {
                return try directory.openFile(name)
            } catch  where error.errno == .noSuchFileOrDirectory {
                return nil
            }
        }
        guard let file = opened.take() else { return false }
        try addData(of: file, name, in: directory, dataIn: data, at: path)
        return true
    }

    private mutating func addData(
        of file: borrowing OwnedFD, _ name: [CChar], in directory: borrowing OpenDirectory,
        dataIn data: LayerData?, at path: [UInt8]
    ) throws(Problem) {
        let what = "cannot read \(display(path))"
        let status = try asking(what) { () throws(SystemCallError) in try FileStatus(of: file) }
        var entry = entry(status, .file, at: path)
        entry.attributes = try asking(what) { () throws(SystemCallError) in
            try attributes(of: name, in: directory)
        }
        try tar.begin(entry)
        let elsewhere = try asking(what) { () throws(SystemCallError) in try data?.file(of: file) }
        let isWhole =
            if let elsewhere {
                try tar.copyData(of: elsewhere, status, named: display(path))
            } else {
                try tar.copyData(of: file, status, named: display(path))
            }
        if !isWhole { tally.shortenedFiles += 1 }
        tally.dataInBytes += status.sizeInBytes
    }

    private func entry(
        _ status: FileStatus, _ kind: TarEntry.Kind, at path: [UInt8]
    ) -> TarEntry {
        let isDevice = kind == .characterDevice || kind == .blockDevice
        return TarEntry(
            name: path, linkTarget: [], kind: kind, permissions: status.permissions,
            owner: owners.map { $0.users.inside(status.owner) ?? status.owner } ?? status.owner,
            group: owners.map { $0.groups.inside(status.group) ?? status.group } ?? status.group,
            sizeInBytes: kind == .file ? status.sizeInBytes : 0, modified: limited(status.modified),
            device: isDevice ? status.device : DeviceNumber(rawValue: 0), attributes: [],
            sparse: nil)
    }

    private func limited(_ time: FileTime) -> FileTime {
        guard let latest = latestTime else { return time }
        return (time.seconds, time.nanoseconds) > (latest.seconds, latest.nanoseconds)
            ? latest : time
    }

    /// The attributes that belong to the file and not to this machine, sorted by name.
    private mutating func attributes(
        of name: [CChar], in directory: borrowing OpenDirectory
    ) throws(SystemCallError) -> [TarEntry.Attribute] {
        var attributes: [TarEntry.Attribute] = []
        for attribute in try directory.attributes(of: name).sorted()
        where Self.isPortable(attribute) {
            guard !attribute.contains("=") else {
                tally.skippedAttributes += 1
                continue
            }
            guard let value = try directory.attribute(attribute, of: name) else { continue }
            attributes.append(TarEntry.Attribute(name: attribute, value: value))
        }
        return attributes
    }

    /// Whether an attribute means the same on another machine: no label of this one's security
    /// module (`security.selinux`), no mark of overlayfs.
    private static func isPortable(_ name: String) -> Bool {
        if name.hasPrefix("user.") { return !name.hasPrefix("user.overlay.") }
        return name == "security.capability" || name.hasPrefix("system.posix_acl_")
    }
}

extension TarEntry.Kind {
    /// What stands for a kind of file that is no directory's and no socket's.
    fileprivate init(_ kind: FileStatus.Kind) {
        self =
            switch kind {
            case .directory: .directory
            case .symlink: .symlink
            case .characterDevice: .characterDevice
            case .blockDevice: .blockDevice
            case .fifo: .fifo
            case .file, .socket: .file
            }
    }
}

/// A path of an archive for messages.
func display(_ path: [UInt8]) -> String { "/" + String(decoding: path, as: UTF8.self) }

/// A name without its final 0.
func bytes(of name: [CChar]) -> [UInt8] { name.dropLast().map { UInt8(bitPattern: $0) } }

/// A name in a directory of an archive.
func joined(_ path: [UInt8], _ name: [UInt8]) -> [UInt8] {
    path.isEmpty ? name : path + [UInt8(ascii: "/")] + name
}

/// Names in the order of their bytes.
func sortedByBytes(_ names: [[CChar]]) -> [[CChar]] {
    names.sorted {
        $0.lexicographicallyPrecedes($1) { UInt8(bitPattern: $0) < UInt8(bitPattern: $1) }
    }
}
