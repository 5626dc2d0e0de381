import ContainerRuntime
import Diagnostics
import Linux
import SystemPackage

extension EngineContext {
    /// The overlay of a container's root file system, with its writable layer made.
    func snapshot(
        of record: ContainerRecord
    ) throws(Problem) -> MonitorConfiguration.RootfsMount {
        throw Problem(kind: .unsupported, what: "cannot run images", why: "soon")
    }
}
