import ContainerRuntime
import Diagnostics
import Linux
import Networking
import OCI
import SystemPackage

/// GC of CNI 1.1: plugins remove what belongs to no container of theirs.
extension EngineContext {
    /// Has the plugins of all networks clean up that may be asked to.
    ///
    /// Everyone on a network is known to this data root alone, so that only a user's command asks for
    /// it, and not where the network's file says `disableGC`: others may use the same file.
    ///
    /// - Returns: what plugins refuse.
    func collectPluginGarbage() throws(Problem) -> [Problem] {
        let networks = try database.read { database throws(Problem) in
            try database.networks().filter { $0.definition.driver == .cni }
        }
        var problems: [Problem] = []
        for record in networks {
            do throws(Problem) {
                let network = try cniNetwork(of: record)
                if network.isCollectable { try collectGarbage(of: network, record) }
            } catch {
                problems.append(error)
            }
        }
        return problems
    }

    private func collectGarbage(
        of network: CNINetwork, _ record: NetworkRecord
    ) throws(Problem) {
        let what = "cannot clean up network \(network.name)"
        // Who has noted a container has not called a plugin yet, or waits for this.
        let lock =
            plan == nil
            ? try explaining(what) { () throws(SystemCallError) -> FileLock in
                // After a boot there is no run root yet.
                try Directory.makeAll(configuration.runRoot, permissions: .container)
                return try FileLock(configuration.pluginLock, .exclusive)
            } : nil
        defer { withExtendedLifetime(lock) {} }
        let collection = CNICollection(
            network: network, path: configuration.cniPath,
            attachments: try pluginAttachments(on: record.id))
        let input = try explaining(what) { () throws(SystemCallError) in
            let file = try OwnedFD.memory(named: "collection")
            try file.writeAll(collection.json.json())
            try file.seek(toOffsetInBytes: 0)
            return file
        }
        try runRuntime(["collect"], on: "", what: what, input: input.rawValue)
    }

    /// Everyone on a network of plugins, also what killed commands have left.
    private func pluginAttachments(
        on network: String
    ) throws(Problem) -> [CNICollection.Attachment] {
        var attachments: [CNICollection.Attachment] = []
        for entry in try entriesIfPresent(of: configuration.containersDirectory) {
            let bundle = configuration.bundle(of: entry.name.string)
            guard let attachment = try CNIRecord(in: bundle.cni, of: network)?.attachment else {
                continue
            }
            attachments.append(
                .init(container: attachment.container, interface: attachment.interface))
        }
        return attachments.sorted { $0.container < $1.container }
    }
}
