import Diagnostics
import Linux
import SystemPackage

/// Whether the kernel mounts overlays whose changes are kept in a directory.
enum OverlayProbe {
    /// What keeps a container's root from being an overlay, by trying it.
    ///
    /// It needs root or a kernel that lets root of a user namespace mount overlays (5.11), and a file
    /// system that can take what an overlay writes: no overlay itself, NFS or most of FUSE.
    ///
    /// - Parameter directory: where the changes would be.
    /// - Returns: a sentence; nil when it works.
    /// - Throws: what says nothing about overlays, such as a full disk.
    static func obstacle(in directory: FilePath) throws(Problem) -> String? {
        let place = directory.appending("overlay-trial-\(Random.hexadecimal(bytes: 8))")
        let what = "cannot try an overlay in \(directory)"
        return try asking(what) { () throws(SystemCallError) -> String? in
            try Directory.makeAll(place, permissions: .privateDirectory)
            do throws(SystemCallError) {
                try attempt(in: place)
                try Directory.removeTree(place)
                return nil
            } catch {
                try Directory.removeTree(place)
                guard !Self.saysNothing.contains(error.errno) else { throw error }
                return "\(error)"
            }
        }
    }

    /// ``obstacle(in:)``, but no second trial after one that worked, as long as the machine runs.
    ///
    /// That it worked is a file in the directory which names the boot.
    static func rememberedObstacle(
        in directory: FilePath, isNoted: Bool
    ) throws(Problem) -> String? {
        let note = directory.appending("overlay-works")
        // Best effort: what cannot be read or noted is tried again.
        let boot = try? BootID.current()
        if let boot, (try? File.readText(note)) == boot { return nil }
        if let obstacle = try obstacle(in: directory) { return obstacle }
        if let boot, isNoted {
            try? File.renew(note, with: Array(boot.utf8), permissions: .ownerReadWrite)
        }
        return nil
    }

    /// Mounts an overlay, removes a name of the layer below and makes it again as a directory that
    /// hides a lower one: what the kernel writes for these not every file system takes.
    private static func attempt(in place: FilePath) throws(SystemCallError) {
        let paths = ["lower", "upper", "work", "shown"].map { place.appending($0) }
        for path in paths { try Directory.make(path, permissions: .privateDirectory) }
        try Directory.make(paths[0].appending("directory"), permissions: .privateDirectory)
        try File.create(paths[0].appending("file"), content: [], permissions: .ownerReadWrite)
        let overlay = OverlayMount(lower: [paths[0]], upper: paths[1], work: paths[2])
        let shown = OpenDirectory(
            adopting: try overlay.open(through: paths[3]).open(".", [.readOnly, .directory]))
        try shown.removeFile("file")
        try shown.removeDirectory("directory")
        try shown.makeDirectory("directory", permissions: 0o700)
    }

    /// Refusals that come whatever is mounted.
    private static let saysNothing: Set<Errno> = [
        .noSpace, .diskQuotaExceeded, .noMemory, .tooManyOpenFiles, .tooManyOpenFilesInSystem,
        .readOnlyFileSystem, .ioError,
    ]
}
