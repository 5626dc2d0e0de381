import ContainerRuntime
import Diagnostics
import Linux
import SystemPackage

/// Changes of a running container's networks and ports, which are whole or undone.
extension EngineContext {
    /// Runs a change of a container's rows and of what its monitor has; the caller holds its lock.
    ///
    /// A mark says meanwhile that the two may differ: who is killed in between leaves it, and the
    /// next command makes the container what its rows say.
    func changingNetworks<Value>(
        of record: ContainerRecord, _ body: () throws(Problem) -> Value
    ) throws(Problem) -> Value {
        if plan != nil { return try body() }
        let mark = configuration.bundle(of: record.id).networkMark
        try explaining("cannot note that the networks of \(record.name) change") {
            () throws(SystemCallError) in
            try File.create(mark, content: [], permissions: .ownerReadWrite)
        }
        let outcome = Result { () throws(Problem) in try body() }
        try removeNetworkMark(of: record)
        return try outcome.get()
    }

    /// Makes a container's networks what its rows say, after somebody was killed who changed them.
    ///
    /// A container that another command holds is left to that one.
    func settleNetworks(of record: ContainerRecord) throws(Problem) {
        let bundle = configuration.bundle(of: record.id)
        guard File.exists(bundle.networkMark) else { return }
        let lock = try explaining("cannot lock container \(record.name)") {
            () throws(SystemCallError) in try FileLock.ifFree(bundle.lock, .exclusive)
        }
        guard let lock, File.exists(bundle.networkMark) else { return }
        defer { withExtendedLifetime(lock) {} }
        // Taken away first: what cannot be made so fails once, and the container's next start, which
        // makes all of it anew, says why.
        try removeNetworkMark(of: record)
        try apply(to: self.record(of: record.id))
    }

    func removeNetworkMark(of record: ContainerRecord) throws(Problem) {
        let mark = configuration.bundle(of: record.id).networkMark
        try explaining("cannot remove \(mark)") { () throws(SystemCallError) in
            if File.exists(mark) { try Link.remove(mark) }
        }
    }

    /// Publishes what a container's request says, if it runs; the caller holds its lock and writes
    /// the row afterwards.
    ///
    /// - Throws: `.conflict` when a port is taken, which names who has it; nothing has changed then.
    func applyPorts(of record: ContainerRecord) throws(Problem) {
        if try isRootless() { try checkCarried(record.request) }
        let gateway = Self.gateway(among: try endpoints(of: record))
        guard
            gateway?.network.definition.driver == .bridge || record.request.network.pasta != nil
                || record.request.publishedSpecs.isEmpty
        else {
            throw Problem(
                kind: .invalid, what: "cannot publish ports of container \(record.name)",
                why: "its default route leads over no bridge, but "
                    + (gateway.map { "network \($0.network.name)" } ?? "nowhere"),
                fix: "connect it to a network of driver bridge: kade network connect bridge "
                    + record.name)
        }
        try apply(to: record)
    }
}

extension ContainerBundle {
    /// There while rows and monitor may differ in the container's networks.
    var networkMark: FilePath { directory.appending("network.changing") }
}
