package import Diagnostics
package import Networking

extension ContainerService {
    /// The ports of the host that lead to a container now.
    package func ports(of name: String) throws(Problem) -> [PublishedPort] {
        let record = try context.record(of: name)
        let status = try context.settledStatus(of: record, restarting: true)
        guard status.state.isAlive else { return [] }
        return status.lifecycle?.ports ?? []
    }
}
