import ContainerRuntime
import Diagnostics
import Linux
import SystemPackage

/// The containers whose namespaces another one joins (`container:ID`).
struct PeerContainers: Sendable {
    var namespaces = JoinedNamespaces()
    /// The container whose network, and so whose name and files, are shared.
    var network: ContainerRecord?
    /// The tmpfs of the container whose IPC namespace is joined.
    var sharedMemory: FilePath?
}

extension EngineContext {
    /// Finds the namespaces that a container joins; their containers must run.
    func peers(of record: ContainerRecord) throws(Problem) -> PeerContainers {
        let wanted = record.request.namespaces
        var peers = PeerContainers()
        if case .container(let id) = wanted.pid {
            let (_, pid) = try runningPeer(id, of: record, sharing: "PID")
            peers.namespaces.pid = "/proc/\(pid)/ns/pid"
        }
        if case .container(let id) = wanted.network {
            let (peer, pid) = try runningPeer(id, of: record, sharing: "network")
            peers.namespaces.network = "/proc/\(pid)/ns/net"
            peers.network = peer
        }
        if case .container(let id) = wanted.ipc {
            let (peer, pid) = try runningPeer(id, of: record, sharing: "IPC")
            guard peer.request.namespaces.ipc == .shareable else {
                throw Problem(
                    kind: .invalid, what: "cannot join IPC of container \(peer.name)",
                    why: "non-shareable IPC",
                    fix: "use --ipc shareable for the donor container")
            }
            peers.namespaces.ipc = "/proc/\(pid)/ns/ipc"
            peers.sharedMemory = configuration.sharedMemory(of: peer.id)
        }
        if wanted.userMaps != nil, case .container(let id) = try wanted.userMode() {
            let (_, pid) = try runningPeer(id, of: record, sharing: "user")
            peers.namespaces.user = "/proc/\(pid)/ns/user"
        }
        return peers
    }

    private func runningPeer(
        _ id: String, of record: ContainerRecord, sharing what: String
    ) throws(Problem) -> (record: ContainerRecord, pid: Int32) {
        let peer = try self.record(of: id)
        let state = try settledStatus(of: peer, restarting: true).state
        guard let pid = state.pid else {
            throw Problem(
                kind: .conflict, what: "cannot start container \(record.name)",
                why: "cannot join \(what) of a non running container: \(peer.name)",
                fix: "start it first: kade start \(peer.name)")
        }
        return (peer, pid)
    }
}
