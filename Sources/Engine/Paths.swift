import Diagnostics
import Linux
import SystemPackage

/// Where things lie below the two roots.
extension EngineConfiguration {
    var databasePath: FilePath { dataRoot.appending("kade.db") }
    var containersDirectory: FilePath { dataRoot.appending("containers") }
    var volumesDirectory: FilePath { dataRoot.appending("volumes") }
    /// `kade-runtime --root`: the runtime keeps a directory for each container.
    var runtimeRoot: FilePath { runRoot.appending("runtime") }
    /// A container's monitor listens here.
    func monitorSocket(of id: String) -> FilePath {
        runRoot.appending("monitor").appending("\(id).sock")
    }
    /// A tmpfs on the host that containers share as `/dev/shm`.
    func sharedMemory(of id: String) -> FilePath { runRoot.appending("shm").appending(id) }
    /// Directories that one build needs for a while.
    var buildScratch: FilePath { dataRoot.appending("build/scratch") }
    /// The same for secrets.
    var volatileBuildScratch: FilePath { runRoot.appending("build") }
    /// Upper layers of the host image, on another file system than `/`.
    var scratchDirectory: FilePath { runRoot.appending("scratch") }
    func bundle(of id: String) -> ContainerBundle {
        ContainerBundle(directory: containersDirectory.appending(id))
    }
    /// The files of a volume; see ``LocalVolumeOptions`` for what may be mounted over them.
    func volume(_ name: String) -> FilePath {
        volumesDirectory.appending(name).appending("_data")
    }
    /// The content of a secret.
    func secret(_ id: String) -> FilePath { dataRoot.appending("secrets").appending(id) }
    /// Held while plugins connect or disconnect containers, and alone while they clean up.
    var pluginLock: FilePath { runRoot.appending("cni.lock") }
    /// Held by whoever fills a new volume.
    func volumeLock(_ name: String) -> FilePath {
        volumesDirectory.appending(name).appending("lock")
    }
    /// Which monitors have mounted what a volume's options say; held while one does.
    func volumeHolders(_ name: String) -> FilePath {
        runRoot.appending("volumes").appending("\(name).lock")
    }
}

/// The files of one container; the directory is its OCI bundle.
struct ContainerBundle: Sendable {
    let directory: FilePath

    /// The container's ID.
    var id: String { directory.lastComponent?.string ?? "" }
    var spec: FilePath { directory.appending("config.json") }
    var monitor: FilePath { directory.appending("monitor.json") }
    var lifecycle: FilePath { directory.appending("lifecycle.json") }
    var log: FilePath { directory.appending("log.json") }
    /// What the monitor has noted of the container's health.
    var health: FilePath { directory.appending("health.json") }
    /// Why the last start failed before a monitor could note it.
    var startProblem: FilePath { directory.appending("start.json") }
    var steps: FilePath { directory.appending("steps") }
    var lock: FilePath { directory.appending("lock") }
    /// Held by a command that has the container frozen for a while.
    var pauseLock: FilePath { directory.appending("pause.lock") }
    var rootfs: FilePath { directory.appending("rootfs") }
    /// Where the monitor mounts what bind mounts of the container come from.
    var mounts: FilePath { directory.appending("mounts") }
    var upper: FilePath { directory.appending("upper") }
    var work: FilePath { directory.appending("work") }
    /// A copy of the image's layers in the place of the two.
    var copy: FilePath { directory.appending("root") }
    /// The layers of this run above bind mounts.
    var overlays: FilePath { directory.appending("overlays") }
    /// A copy of a time zone of the host.
    var localtime: FilePath { directory.appending("localtime") }
    var passwd: FilePath { directory.appending("passwd") }
    var group: FilePath { directory.appending("group") }
    var hosts: FilePath { directory.appending("hosts") }
    var hostname: FilePath { directory.appending("hostname") }
    var resolver: FilePath { directory.appending("resolv.conf") }
    /// What plugins of CNI networks were told of the container, and returned.
    var cni: FilePath { directory.appending("cni") }
    /// There where plugins have refused to disconnect what a killed command has left.
    var cniRefusal: FilePath { directory.appending("cni.refused") }
}

/// The content of a file of the engine's own; nil where nobody has made it yet.
func bytesIfPresent(of file: FilePath) throws(Problem) -> [UInt8]? {
    do throws(SystemCallError) {
        return try File.read(file)
    } catch  where error.errno == .noSuchFileOrDirectory {
        return nil
    } catch {
        throw Problem(what: "cannot read \(file)", refusal: error)
    }
}

/// The entries of a directory of the engine's own; none where nobody has made it yet.
func entriesIfPresent(of directory: FilePath) throws(Problem) -> [DirectoryEntry] {
    do throws(SystemCallError) {
        return try Directory.list(directory)
    } catch  where error.errno == .noSuchFileOrDirectory {
        return []
    } catch {
        throw Problem(what: "cannot list \(directory)", refusal: error)
    }
}
