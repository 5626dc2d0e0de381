package import Diagnostics
package import Linux
package import SystemPackage

/// What layers show as a directory of its own, which a container writes to: its root where there is
/// no overlay.
///
/// It is whole when it has its name. The mark beside it is made just before: what changes later has
/// a later time of change (`st_ctime`), which no program can set.
package struct LayerCopy: Sendable, Equatable {
    /// The layers, the uppermost first.
    package var lower: [FilePath]
    /// The directory.
    package var root: FilePath
    /// The maps of the user namespace whose users have the files; nil for the layers' owners.
    package var owners: UserMaps?

    /// The copy in a container's directory.
    package init(in directory: FilePath, lower: [FilePath], ownersIn owners: UserMaps?) {
        self.init(at: directory.appending(Self.name), lower: lower, ownersIn: owners)
    }

    /// The copy that a path names.
    package init(at root: FilePath, lower: [FilePath], ownersIn owners: UserMaps?) {
        self.lower = lower
        self.root = root
        self.owners = owners
    }

    /// Whether a container's directory has a whole copy.
    package static func isThere(in directory: FilePath) -> Bool {
        File.exists(directory.appending(name))
    }

    /// Makes the copy, unless it is there.
    ///
    /// Only one process does so at a time, and removes what one that was killed has left.
    ///
    /// - Parameter lasts: whether it is to outlive the machine's end: then it is on the disk before
    ///   it has its name.
    /// - Throws: `.notFound` when a layer does not exist; `.exhausted` when the disk is full.
    package func make(lasts: Bool) throws(Problem) {
        if File.exists(root) { return }
        let merged = try MergedDirectory(lower)
        let directory = root.removingLastComponent()
        try asking("cannot copy the layers of an image to \(root)") { () throws(SystemCallError) in
            try Directory.makeAll(directory, permissions: .privateDirectory)
            let lock = try FileLock(directory: directory)
            defer { withExtendedLifetime(lock) {} }
            if File.exists(root) { return }
            let new = directory.appending(Self.unfinished)
            try Directory.removeTree(new)
            try Directory.make(new, permissions: .privateDirectory)
            try TreeCopy.copy(merged, into: OpenDirectory(at: new), ownersIn: owners)
            if lasts { try OpenDirectory(at: new).synchronizeFileSystem() }
            try File.replace(
                mark, with: [], permissions: .ownerReadWrite,
                lasting: lasts ? .powerLoss : .processExit)
            try Link.rename(new, to: root)
            if lasts { try Directory.synchronize(containing: root) }
        }
    }

    /// Writes what layers show to a new directory, and that to the disk.
    ///
    /// - Parameters:
    ///   - layers: the merged root.
    ///   - path: the directory.
    ///   - owners: of the user namespace whose users shall have the files; nil for as they are.
    /// - Throws: the kernel's refusal.
    package static func write(
        _ layers: MergedDirectory, to path: FilePath, ownersIn owners: UserMaps?
    ) throws(SystemCallError) {
        try Directory.make(path, permissions: .privateDirectory)
        let directory = try OpenDirectory(at: path)
        try TreeCopy.copy(layers, into: directory, ownersIn: owners)
        try directory.synchronizeFileSystem()
    }

    /// Removes the half of a copy that a killed process has left, unless somebody is making it.
    package static func removeUnfinished(in directory: FilePath) throws(Problem) {
        let new = directory.appending(unfinished)
        guard File.exists(new) else { return }
        try asking("cannot remove the unfinished copy \(new)") { () throws(SystemCallError) in
            guard let lock = try FileLock.ifFree(directory: directory) else { return }
            defer { withExtendedLifetime(lock) {} }
            try Directory.removeTree(new)
        }
    }

    /// Removes the copy in a container's directory; no error when there is none.
    static func remove(in directory: FilePath) throws(SystemCallError) {
        for name in [Self.name, unfinished, markName] {
            try Directory.removeTree(directory.appending(name))
        }
    }

    /// When the copy was whole, and whether births after that are those of the container's own files.
    ///
    /// What was restored from a backup was all born after it.
    func completion() throws(SystemCallError) -> Completion {
        let directory = try OpenDirectory(at: root.removingLastComponent())
        let name = Self.markName.string
        guard let time = try directory.status(of: name)?.modified else {
            return Completion(time: FileTime(seconds: .min, nanoseconds: 0), tellsBirths: false)
        }
        let birth = try directory.birthTime(of: name)
        return Completion(time: time, tellsBirths: birth.map { $0 <= time } ?? false)
    }

    /// The moment when a copy was whole.
    struct Completion {
        var time: FileTime
        /// Whether a directory that was born later was made by the container.
        var tellsBirths: Bool
    }

    private var mark: FilePath { root.removingLastComponent().appending(Self.markName) }

    private static let name: FilePath.Component = "root"
    /// A copy that is being made.
    private static let unfinished: FilePath.Component = "root.new"
    private static let markName: FilePath.Component = "root.made"
}
