import ContainerRuntime
import Diagnostics
import Linux
import OCI
import SystemPackage

extension EngineContext {
    /// Makes a container's monitor know what has changed in its record: its name, restart policy,
    /// stop signal and health check.
    ///
    /// Its `monitor.json` gets the new values, and a monitor that runs reads them again. A
    /// container without one learns them from its next start. The caller holds the container's
    /// lock.
    func renewMonitor(of record: ContainerRecord) throws(Problem) {
        let path = configuration.bundle(of: record.id).monitor
        guard File.exists(path) else { return }
        let bytes = try explaining("cannot read \(path)") { () throws(SystemCallError) in
            try File.read(path)
        }
        let old = try MonitorConfiguration(json: bytes, named: path.string)
        var new = try monitorConfiguration(
            of: record, isListed: old.events != nil, mounts: old.mounts,
            restartCount: old.restartCount)
        new.sources = old.sources
        guard new != old else { return }
        try step(.writeFile(path, "the container's monitor reads it")) { () throws(Problem) in
            try explaining("cannot write \(path)") { () throws(SystemCallError) in
                try File.renew(
                    path, with: new.json(), permissions: FilePermissions(rawValue: 0o600))
            }
        }
        try tellMonitor(.reload, of: record)
    }

    /// Sends a container's monitor a message, if it has one.
    func tellMonitor(
        _ message: ClientMessage, of record: ContainerRecord
    ) throws(Problem) {
        guard try status(of: record).truth.isMonitorAlive else { return }
        let socket = configuration.monitorSocket(of: record.id)
        if let plan { return plan.note(.tellMonitor(socket), by: .engine) }
        do throws(Problem) {
            try ContainerSession(
                connectingTo: socket, containerID: record.id
            ).send(message)
        } catch {
            // It ended between the look and the call, or it is stuck and has no socket.
            if try status(of: record).truth.isMonitorAlive { throw error }
        }
    }
}
