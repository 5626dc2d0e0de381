import ContainerRuntime
package import Diagnostics
package import Linux
import OCI
import Storage
import Synchronization
package import SystemPackage

/// Layers, and a writable one on top that one instruction of a build changes.
///
/// It lies in a directory as containers have one, but has no row in the database. While it lives
/// its lock is held; what a build that was killed leaves, the next `ps` removes with the program
/// that may still run in it.
package final class StepFiles: Sendable {
    /// The layers and what is written.
    let files: Snapshot
    let context: EngineContext
    let id: String
    let layers: [Digest]
    private let lock: FileLock

    init(on layers: [Digest], in context: EngineContext) throws(Problem) {
        let id = makeContainerID()
        let lock = try context.makeDirectory(of: context.configuration.bundle(of: id))
        do throws(Problem) {
            files = try context.snapshots().prepareStep(
                in: context.configuration.bundle(of: id).directory, layers: layers)
        } catch {
            try context.removeDirectory(of: id, filesGo: .atOnce)
            throw error
        }
        self.context = context
        self.id = id
        self.layers = layers
        self.lock = lock
    }

    deinit {
        // Best effort: the next `ps` removes it.
        try? context.removeDirectory(of: id, filesGo: .atOnce)
    }

    /// A directory of its own for the instruction's other files, which is removed with it.
    package var directory: FilePath { context.configuration.bundle(of: id).directory }

    /// The merged files, for whoever changes them.
    ///
    /// Nobody else sees the mount, which ends with the value.
    package func open() throws(Problem) -> RootedDirectory { try Self.open(files, at: rootfs) }

    /// The merged files as nobody has changed them yet, to be read.
    package func openLower() throws(Problem) -> RootedDirectory {
        guard case .overlay(let overlay) = files else { return try open() }
        return try Self.open(
            .overlay(OverlayMount(lower: overlay.lower, upper: nil, work: nil)), at: rootfs)
    }

    private var rootfs: FilePath { context.configuration.bundle(of: id).rootfs }

    /// One mount at a time: for many layers the current directory changes meanwhile.
    private static let mounting = Mutex(())

    private static func open(
        _ files: Snapshot, at place: FilePath
    ) throws(Problem) -> RootedDirectory {
        try explaining("cannot mount the files of the build at \(place)") {
            () throws(SystemCallError) in
            try mounting.withLock { _ throws(SystemCallError) in
                RootedDirectory(adopting: try files.open(through: place))
            }
        }
    }
}
