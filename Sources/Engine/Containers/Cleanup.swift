import ContainerRuntime
import Diagnostics
import Linux
import Networking
import SystemPackage

extension EngineContext {
    /// Ends what a killed monitor or a reboot left of a run: the runtime's state with its cgroups,
    /// the socket, and `lifecycle.json`, which gets Docker's exit code 255.
    ///
    /// The caller holds the container's lock. When the run ended nobody knows: it is said to be
    /// now or, where the machine went down, when it came up again.
    func finish(_ status: ContainerStatus) throws(Problem) {
        guard var lifecycle = status.lifecycle else { return }
        try removeRuntimeState(of: status.record.id)
        if lifecycle.status == .running {
            lifecycle.exitCode = 255
            lifecycle.end.isLost = true
            if lifecycle.bootID == (try bootID()) {
                lifecycle.finishedAt = .now
                lifecycle.error =
                    "its monitor (process \(lifecycle.monitorPid)) was killed, and the container "
                    + "with it"
            } else {
                lifecycle.finishedAt = max(.boot, lifecycle.startedAt ?? .boot)
                lifecycle.error = "the machine went down while the container ran"
            }
        }
        do throws(Problem) {
            try leavePluginNetworks(of: status.record.id)
        } catch {
            // The container is shown all the same; its next start or removal says it again.
            lifecycle.error = ContainerEnd.error(lifecycle.error, adding: error.description)
        }
        let wasRunning = lifecycle.status == .running
        try takeBackPorts(of: lifecycle)
        if plan == nil { try withdrawNames(of: status.record.id) }
        lifecycle.ports = []
        lifecycle.status = .exited
        let path = configuration.bundle(of: status.record.id).lifecycle
        try step(.writeLifecycle(path)) { () throws(Problem) in try lifecycle.write(to: path) }
        if wasRunning { tell(.die, of: status.record, ["exitCode": "\(lifecycle.exitCode)"]) }
    }

    /// Leads the ports that a killed monitor left to nobody any more.
    func takeBackPorts(of lifecycle: Lifecycle?) throws(Problem) {
        guard let lifecycle, !lifecycle.ports.isEmpty, lifecycle.bootID == (try bootID()) else {
            return
        }
        // Those of an ordinary user were taken by pasta, which has ended with the monitor.
        guard try !isRootless() else { return }
        try step(.takeBack(lifecycle.ports)) { () throws(Problem) in
            try PortRules.remove(lifecycle.ports)
        }
    }

    /// Removes the runtime's state of a container whose processes are gone, or are to go.
    func removeRuntimeState(of id: String) throws(Problem) {
        if plan?.hasEnded(id) == true { return }  // its monitor does that at the end
        if File.exists(configuration.runtimeRoot.appending(id)) {
            try runRuntime(
                [
                    "delete", "--force", "--bundle", configuration.bundle(of: id).directory.string,
                    id,
                ], on: id, what: "cannot clean up container \(id)")
        }
        let socket = configuration.monitorSocket(of: id)
        if let plan {
            if File.exists(socket) { plan.note(.removeFile(socket), by: .engine) }
            return
        }
        do throws(SystemCallError) {
            try Link.remove(socket)
        } catch  where error.errno == .noSuchFileOrDirectory {
            return
        } catch {
            throw Problem(what: "cannot remove \(socket)", refusal: error)
        }
    }
}
