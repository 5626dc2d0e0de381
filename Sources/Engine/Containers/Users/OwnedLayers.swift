import Diagnostics
import Linux
import OCI
import Storage
import SystemPackage

/// Copies of images whose files belong to users of a user namespace, for those who cannot have the
/// kernel show mapped owners: ordinary users.
///
/// Only who has rights over a file system may mount it with `MOUNT_ATTR_IDMAP`. The layers that all
/// containers share stay as they are; for each image and each pair of maps there is one copy of what
/// the layers show, with other owners, beside them. It goes with the image's layers.
///
/// Where there is to be no overlay, beside them is a copy of each image of several layers that is
/// mounted to be read.
struct OwnedLayers {
    private let context: EngineContext

    init(_ context: EngineContext) { self.context = context }

    private var directory: FilePath { context.configuration.dataRoot.appending("owned") }

    /// An image's layers for these maps: the copy, which is made where there is none, above them.
    ///
    /// What belongs to the same number inside and outside is in the layers alone. Whose container it
    /// is has a row already, so that ``removeUnused()`` leaves the copy.
    ///
    /// - Parameters:
    ///   - diffIDs: the image's layers; they are there.
    ///   - maps: of the user namespace whose users the owners shall be.
    /// - Returns: their directories, the uppermost first.
    /// - Throws: what keeps it from being made; half a copy is none.
    func layers(of diffIDs: [Digest], for maps: UserMaps) throws(Problem) -> [FilePath] {
        let place = directory.appending(Self.name(of: diffIDs, for: maps))
        let lower = try Snapshots(root: context.configuration.dataRoot).lower(of: diffIDs)
        if context.plan != nil { return [place] + lower }
        let what = "cannot give the files of the image to the users of the container's namespace"
        try explaining(what, fix: "give the data root more room, or leave --userns out") {
            () throws(SystemCallError) in
            try add(place) { () throws(SystemCallError) in try make(place, of: lower, for: maps) }
        }
        return [place] + lower
    }

    /// A copy of all that an image's layers show, where there is to be no overlay of them; made where
    /// there is none.
    ///
    /// - Parameters:
    ///   - diffIDs: the image's layers; they are there.
    ///   - maps: of the user namespace whose users the owners shall be; nil for the layers' owners.
    /// - Returns: its directory.
    /// - Throws: what keeps it from being made; half a copy is none.
    func copy(of diffIDs: [Digest], for maps: UserMaps?) throws(Problem) -> FilePath {
        let place = directory.appending(Self.name(ofCopyOf: diffIDs, for: maps))
        let lower = try Snapshots(root: context.configuration.dataRoot).lower(of: diffIDs)
        if context.plan != nil { return place }
        let layers = try MergedDirectory(lower)
        try explaining("cannot copy the layers of an image", fix: "give the data root more room") {
            () throws(SystemCallError) in
            try add(place) { () throws(SystemCallError) in
                try Directory.removeTree(new)
                try LayerCopy.write(layers, to: new, ownersIn: maps)
                try name(new, as: place)
            }
        }
        return place
    }

    /// Adds a copy, unless it is there.
    private func add(
        _ place: FilePath, _ make: () throws(SystemCallError) -> Void
    ) throws(SystemCallError) {
        try Directory.makeAll(directory, permissions: .container)
        if try isThere(place) { return }
        let lock = try FileLock(writing, .exclusive)
        defer { withExtendedLifetime(lock) {} }
        // Somebody else may have made it meanwhile.
        guard try !isThere(place) else { return }
        try make()
    }

    /// Held shared to see or to add a copy, and exclusively to decide which ones go.
    private var names: FilePath { directory.appending("names.lock") }
    /// Held by whoever makes copies or removes them, which takes its time.
    private var writing: FilePath { directory.appending("writing.lock") }
    /// A copy that is being made; whoever was killed on the way leaves it.
    private var new: FilePath { directory.appending("new") }
    /// Before the names of copies that are being removed: what is half gone is no copy any more.
    private static let gone = "gone-"

    private func isThere(_ place: FilePath) throws(SystemCallError) -> Bool {
        let lock = try FileLock(names, .shared)
        defer { withExtendedLifetime(lock) {} }
        return File.exists(place)
    }

    /// Makes a copy, which has its name when it is whole and on the disk.
    private func make(
        _ place: FilePath, of lower: [FilePath], for maps: UserMaps
    ) throws(SystemCallError) {
        try Directory.removeTree(new)
        let (upper, work) = (new.appending("upper"), new.appending("work"))
        let target = new.appending("shown")
        for path in [upper, work, target] {
            try Directory.makeAll(path, permissions: .container)
        }
        let top = try FileStatus(of: lower[0])
        try File.changePermissions(of: upper, to: FilePermissions(rawValue: top.permissions))
        let shown = try OverlayMount(lower: lower, upper: upper, work: work).open(through: target)
        try shown.open(".", [.readOnly, .directory]).giveAll(by: maps)
        _ = consume shown
        // Without that a power failure could leave the name, and files without their content.
        try OpenDirectory(at: upper).synchronizeFileSystem()
        try name(upper, as: place)
        try Directory.removeTree(new)
    }

    /// Gives a copy that is whole its name.
    private func name(_ copy: FilePath, as place: FilePath) throws(SystemCallError) {
        let lock = try FileLock(names, .shared)
        defer { withExtendedLifetime(lock) {} }
        try Link.rename(copy, to: place)
    }

    /// Removes the copies of images whose layers are gone, and that no container has, with what
    /// killed commands have left; nothing in a plan.
    ///
    /// - Returns: the space on the disk that is free now, in bytes.
    func removeUnused() throws(Problem) -> Int64 {
        guard context.plan == nil, File.exists(directory) else { return 0 }
        let what = "cannot remove copies of images in \(directory)"
        let lock = try explaining(what) { () throws(SystemCallError) in
            try FileLock(writing, .exclusive)
        }
        defer { withExtendedLifetime(lock) {} }
        try explaining(what) { () throws(SystemCallError) in try Directory.removeTree(new) }
        // First what a killed command has left, whose names are needed next.
        let leftInBytes = try removeGone(what)
        try dropUnused(what)
        return try leftInBytes + removeGone(what)
    }

    /// Removes the copies that have lost their names.
    ///
    /// - Returns: the space that they had on the disk, in bytes.
    private func removeGone(_ what: String) throws(Problem) -> Int64 {
        try explaining(what) { () throws(SystemCallError) -> Int64 in
            var removedInBytes: Int64 = 0
            for entry in try Directory.list(directory) where "\(entry.name)".hasPrefix(Self.gone) {
                let path = directory.appending(entry.name)
                removedInBytes += try Directory.treeUsage(path).allocatedInBytes
                try Directory.removeTree(path)
            }
            return removedInBytes
        }
    }

    /// What all copies take on the disk, and those of images that no container has.
    func spaces() throws(Problem) -> Spaces {
        let used = try namesInUse()
        var spaces = Spaces()
        for entry in try entriesIfPresent(of: directory)
        where !entry.name.string.hasSuffix(".lock") {
            let size = try measure(directory.appending(entry.name)).allocatedInBytes
            spaces.totalInBytes += size
            if !used.contains(entry.name.string) { spaces.unusedInBytes += size }
        }
        return spaces
    }

    /// Sizes on the disk.
    struct Spaces {
        var totalInBytes: Int64 = 0
        var unusedInBytes: Int64 = 0
    }

    /// Takes the names from the copies that nobody needs.
    private func dropUnused(_ what: String) throws(Problem) {
        let lock = try explaining(what) { () throws(SystemCallError) in
            try FileLock(names, .exclusive)
        }
        defer { withExtendedLifetime(lock) {} }
        let layers = try Layers(root: context.configuration.dataRoot)
        // Only now: whoever has a row from here on waits for the lock.
        let used = try namesInUse()
        try explaining(what) { () throws(SystemCallError) in
            for entry in try Directory.list(directory) where !entry.name.string.hasSuffix(".lock") {
                let name = entry.name.string
                if used.contains(name) { continue }
                let hash = name.prefix { $0 != "-" }
                if let diffID = try? Digest(parsing: "sha256:\(hash)"), layers.contains(diffID) {
                    continue  // a name of another form is nobody's
                }
                try Link.rename(
                    directory.appending(entry.name), to: directory.appending(Self.gone + name))
            }
        }
    }

    /// The names of the copies that containers have.
    private func namesInUse() throws(Problem) -> Set<String> {
        let records = try context.database.read { database throws(Problem) in
            try database.containers()
        }
        var used: Set<String> = []
        for record in records {
            guard let maps = record.request.namespaces.userMaps else { continue }
            used.insert(Self.name(of: try record.diffIDs(), for: maps))
        }
        return used
    }

    /// The uppermost layer's hash, and one of all that decides what is in the copy.
    private static func name(of diffIDs: [Digest], for maps: UserMaps) -> String {
        name(of: diffIDs, maps.words)
    }

    /// The same for a copy of all that the layers show.
    private static func name(ofCopyOf diffIDs: [Digest], for maps: UserMaps?) -> String {
        name(of: diffIDs, ["copy"] + (maps?.words ?? []))
    }

    private static func name(of diffIDs: [Digest], _ more: [String]) -> String {
        let words = diffIDs.map(\.description) + more
        let all = ContentHasher.sha256(Array(words.joined(separator: " ").utf8))
        return "\(diffIDs.last?.encoded ?? "0")-\(all.encoded.prefix(16))"
    }
}

extension UserMaps {
    fileprivate var words: [String] { users.words + ["/"] + groups.words }
}

extension OwnedFD {
    /// Gives all that is in this open directory, and the directory, to users of a namespace.
    ///
    /// - Parameter maps: what makes owners inside those outside; who has no place is left alone.
    /// - Throws: the kernel's refusal.
    fileprivate borrowing func giveAll(by maps: UserMaps) throws(SystemCallError) {
        for entry in try listDirectory() {
            let name = FilePath(root: nil, components: entry.name)
            let status = try FileStatus(ofLink: name, in: self)
            if status.kind == .directory {
                try open(name, [.readOnly, .directory, .noFollow]).giveAll(by: maps)
                continue
            }
            guard status.kind == .file else {
                _ = try open(name, [.path, .noFollow]).give(status, by: maps)
                continue
            }
            try open(name, [.readOnly, .noFollow]).giveFile(status, by: maps)
        }
        _ = try open(".", [.path]).give(try FileStatus(of: self), by: maps)
    }

    /// Gives a regular file to its user, with what a change of the owner takes away: the bits that
    /// set users, and capabilities.
    ///
    /// Who sets capabilities in a user namespace sets them for that namespace and those below it
    /// (capabilities(7) § Namespaced file capabilities): the kernel notes Kade's root with them, which
    /// the containers' namespaces are below.
    private borrowing func giveFile(
        _ status: FileStatus, by maps: UserMaps
    ) throws(SystemCallError) {
        let capabilities = try extendedAttribute(Self.capabilities)
        guard try give(status, by: maps) else { return }
        if status.permissions & 0o6000 != 0 {
            try changePermissions(to: FilePermissions(rawValue: status.permissions))
        }
        if let capabilities { try setExtendedAttribute(Self.capabilities, to: capabilities) }
    }

    private static var capabilities: String { "security.capability" }

    /// - Returns: whether it has another owner now.
    private borrowing func give(
        _ status: FileStatus, by maps: UserMaps
    ) throws(SystemCallError) -> Bool {
        let inside = OwnerIDs(user: status.owner, group: status.group)
        guard let outside = maps.outside(inside), outside != inside else { return false }
        try changeOwnerOfHandle(user: outside.user, group: outside.group)
        return true
    }
}
