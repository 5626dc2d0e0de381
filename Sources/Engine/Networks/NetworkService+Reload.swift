import ContainerRuntime
package import Diagnostics
import Networking

extension NetworkService {
    /// Puts back what somebody took away of the firewall's rules that a running container needs:
    /// those of its networks, and of its published ports.
    ///
    /// What is there stays, and connections with it. Networks without bridges have no rules of
    /// Kade's, and ordinary users' none at all.
    ///
    /// - Returns: the container's ID.
    package func reload(_ name: String) throws(Problem) -> String {
        try context.makePredefinedNetworks()
        let record = try context.record(of: name)
        return try context.withLock(on: record.id) { () throws(Problem) in
            guard try context.status(of: record).truth.isMonitorAlive else {
                throw Problem(
                    kind: .conflict, what: "cannot reload the networks of container \(record.name)",
                    why: "it is not running, and has no rules of the firewall",
                    fix: "start it: kade start \(record.name)")
            }
            let bridges = try context.endpoints(of: record).map(\.network)
                .filter { $0.definition.driver == .bridge }
            guard !bridges.isEmpty, try !context.isRootless() else { return record.id }
            try context.reloadRules(of: record, on: bridges)
            return record.id
        }
    }
}

extension EngineContext {
    fileprivate func reloadRules(
        of record: ContainerRecord, on bridges: [NetworkRecord]
    ) throws(Problem) {
        var steps = StepRecorder(for: configuration)
        let lock = plan == nil ? try lockNetworks() : nil
        if bridges.contains(where: { !$0.definition.isInternal }) {
            try prepareForwarding(of: bridges, recording: &steps)
        }
        let isNew = try prepareTable(for: bridges, renewing: true, recording: &steps)
        _ = consume lock
        if isNew { return }
        var missing: [PublishedPort] = []
        for port in try portsInTable(of: record) where try !PortRules.leads(port) {
            missing.append(port)
        }
        guard !missing.isEmpty else { return }
        try steps.perform(.giveBack(missing)) { () throws(Problem) in try PortRules.add(missing) }
    }
}
