import Diagnostics
import Glibc
import Linux
import Networking
import SystemPackage

/// The names that others find a running container by, as they are published now.
final class PublishedNames {
    private let container: String
    private let monitor: Int32
    private let monitorStartTime: UInt64
    /// By network, and where its files are.
    private var current: [String: Entry] = [:]

    private struct Entry: Equatable {
        var record: NameRecord
        var directory: String
    }

    /// Nothing is published yet.
    init(of container: String) throws(Problem) {
        self.container = container
        let monitor = getpid()
        self.monitor = monitor
        monitorStartTime = try explaining("cannot learn who the monitor is") {
            () throws(SystemCallError) in try processStartTime(monitor) ?? 0
        }
    }

    /// Publishes what is new, and withdraws what is no longer so.
    func change(to setup: NetworkSetup) throws(Problem) {
        var wanted: [String: Entry] = [:]
        if let directory = setup.names?.directory {
            for link in setup.links where !link.names.isEmpty {
                let record = NameRecord(
                    names: link.names, addresses: link.addresses.map(\.address),
                    monitor: monitor, monitorStartTime: monitorStartTime)
                wanted[link.network] = Entry(record: record, directory: directory)
            }
        }
        for (network, entry) in current where wanted[network] == nil {
            try NameDirectory(root: FilePath(entry.directory))
                .withdraw(container, from: network)
        }
        for (network, entry) in wanted where current[network] != entry {
            try NameDirectory(root: FilePath(entry.directory))
                .publish(entry.record, of: container, on: network)
        }
        current = wanted
    }
}
