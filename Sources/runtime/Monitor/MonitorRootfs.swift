import ContainerRuntime
import Diagnostics
import Glibc
import Linux
import Networking
import SystemPackage

/// The container's root file system, mounted where only the monitor and the container see it.
///
/// The mount namespace lives as long as the monitor and the container do: no mount ever appears on
/// the host, nobody waits for an unmount, and a crash leaves none behind.
struct MonitorRootfs: ~Copyable {
    private let hostNamespace: OwnedFD

    /// Leaves the host's mount namespace for a copy.
    init() throws(Problem) {
        hostNamespace = try explaining("cannot make a mount namespace for the container") {
            () throws(SystemCallError) in
            let host = try OwnedFD.open("/proc/self/ns/mnt", .readOnly)
            try Namespaces.unshare(.newMount)
            // What is mounted here stays here; what the host mounts still arrives.
            try Mount.setPropagation(of: "/", to: .slave, isRecursive: true)
            return host
        }
    }

    /// The host's mount namespace, where shared bind mounts come from, as a file of `/proc`.
    var hostNamespacePath: FilePath { FilePath("/proc/\(getpid())/fd/\(hostNamespace.rawValue)") }

    /// Mounts the overlays.
    borrowing func mount(
        _ configuration: MonitorConfiguration, _ arrivals: ArrivalHolds,
        for namespace: KeptUserNamespace?, noting steps: inout MonitorSteps
    ) throws(Problem) {
        let rootfs = FilePath(configuration.bundle).appending("rootfs")
        do throws(SystemCallError) {
            do throws(SystemCallError) {
                try Self.mount(
                    arrivals.mounts(isSettled: false), at: rootfs, for: namespace, &steps)
            } catch  where error.errno == .noSuchFileOrDirectory && !arrivals.isEmpty {
                // A layer has arrived in this moment, and left the place where it did.
                steps.removeAll()
                try Self.mount(
                    arrivals.mounts(isSettled: true), at: rootfs, for: namespace, &steps)
            }
        } catch {
            throw Self.problem(error, of: configuration)
        }
    }

    /// What a refusal means, where the place of the upper layer tells.
    private static func problem(
        _ refusal: SystemCallError, of configuration: MonitorConfiguration
    ) -> Problem {
        let what = "cannot mount the root file system of \(configuration.id)"
        let bundle = FilePath(configuration.bundle)
        // Best effort: without it the kernel's own word is told.
        let place = try? FileSystemStatus(of: OwnedFD.open(bundle, [.readOnly, .directory]))
        guard refusal.errno == .invalidArgument, place?.type == FileSystemStatus.overlay else {
            return MonitorConfiguration.RootfsMount.problem(
                what, refusal, fix: "see what the kernel says: dmesg | tail")
        }
        return Problem(
            kind: .unsupported, what: what,
            why: "\(bundle) is on an overlay itself, as in a container, where the kernel takes no"
                + " upper layer",
            fix:
                "give containers copies of their images: KADE_STORAGE_DRIVER=vfs; or keep Kade's data"
                + " on another file system: --root DIRECTORY",
            cause: refusal)
    }

    private static func mount(
        _ mounts: [MonitorConfiguration.RootfsMount], at rootfs: FilePath,
        for namespace: KeptUserNamespace?, _ steps: inout MonitorSteps
    ) throws(SystemCallError) {
        for mount in mounts {
            let target = mount.at.isEmpty ? rootfs : rootfs.pushing(FilePath(mount.at))
            try steps.perform(mount.explanation(at: target)) { () throws(SystemCallError) in
                try mount.mount(at: target, for: namespace)
            }
        }
    }

    /// Goes back to the host's mount namespace, so that the container's can end.
    consuming func leave() throws(Problem) {
        try explaining("cannot return to the host's mount namespace") {
            () throws(SystemCallError) in try Namespaces.enter(hostNamespace, .mount)
        }
    }
}
