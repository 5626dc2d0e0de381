package import Diagnostics
import Linux
package import OCI
package import SystemPackage

/// What a running container is called on a network: a file that its monitor writes when the
/// container starts, and removes when it has ended.
///
/// The file also names the monitor, so that what one leaves that is killed counts for nothing.
package struct NameRecord: Sendable, Equatable {
    /// Its name first, then its aliases, all in small letters.
    package var names: [String]
    package var addresses: [IPAddress]
    /// The monitor, and when the kernel made it.
    package var monitor: Int32
    package var monitorStartTime: UInt64

    package init(
        names: [String], addresses: [IPAddress], monitor: Int32, monitorStartTime: UInt64
    ) {
        self.names = names.map { $0.lowercased() }
        self.addresses = addresses
        self.monitor = monitor
        self.monitorStartTime = monitorStartTime
    }

    /// Reads what ``json`` wrote; nil for anything else.
    package init?(_ bytes: [UInt8]) {
        // A file that is none is one that a crash of the machine left.
        guard let json = try? JSONValue.parse(bytes, named: "a name"),
            let monitor = json["monitor"]?.int, let start = json["monitorStartTime"]?.int
        else { return nil }
        self.init(
            names: (json["names"]?.array ?? []).compactMap(\.string),
            addresses: (json["addresses"]?.array ?? []).compactMap {
                $0.string.flatMap { IPAddress($0) }
            }, monitor: Int32(clamping: monitor), monitorStartTime: UInt64(clamping: start))
    }

    package var json: JSONValue {
        [
            "names": .array(names.map { .string($0) }),
            "addresses": .array(addresses.map { .string("\($0)") }),
            "monitor": .number(JSONNumber(monitor)),
            "monitorStartTime": .number(JSONNumber(Int(clamping: monitorStartTime))),
        ]
    }

    /// Whether its container still runs.
    package var isAlive: Bool {
        // What cannot be asked about is gone.
        (try? processStartTime(monitor)) == monitorStartTime
    }
}

/// The files of names: one directory for each network, with one file for each container.
package struct NameDirectory: Sendable {
    private let root: FilePath

    package init(root: FilePath) { self.root = root }

    /// Says what a container is called on a network, in the place of what was said before.
    package func publish(
        _ record: NameRecord, of container: String, on network: String
    ) throws(Problem) {
        let directory = root.appending(network)
        try explaining("cannot publish the name of the container in \(directory)") {
            () throws(SystemCallError) in
            while true {
                try Directory.makeAll(directory, permissions: FilePermissions(rawValue: 0o700))
                do throws(SystemCallError) {
                    return try File.renew(
                        directory.appending(container), with: record.json.json(),
                        permissions: .ownerReadWrite)
                } catch  where error.errno == .noSuchFileOrDirectory {
                    continue  // the network's last container has taken the directory along
                }
            }
        }
    }

    /// Takes a container's name back, and the directory that has none any more.
    package func withdraw(_ container: String, from network: String) throws(Problem) {
        let directory = root.appending(network)
        let file = directory.appending(container)
        try explaining("cannot remove the name \(file)") { () throws(SystemCallError) in
            do throws(SystemCallError) {
                try Link.remove(file)
            } catch  where error.errno == .noSuchFileOrDirectory {
                // It was never there, or somebody was killed who took it back.
            }
            do throws(SystemCallError) {
                try Directory.remove(directory)
            } catch
                where error.errno == .directoryNotEmpty
                || error.errno == .noSuchFileOrDirectory
            {
                return
            }
        }
    }

    /// Forgets all names of a network.
    package func remove(_ network: String) throws(Problem) {
        let directory = root.appending(network)
        guard File.exists(directory) else { return }
        try explaining("cannot remove \(directory)") { () throws(SystemCallError) in
            try Directory.removeTree(directory)
        }
    }

    /// All that is published on a network.
    func records(on network: String) throws(SystemCallError) -> [NameRecord] {
        let directory = root.appending(network)
        var records: [NameRecord] = []
        do throws(SystemCallError) {
            for entry in try Directory.list(directory) {
                // One that ends meanwhile is not there.
                guard let bytes = try? File.read(directory.appending(entry.name)),
                    let record = NameRecord(bytes)
                else { continue }
                records.append(record)
            }
        } catch  where error.errno == .noSuchFileOrDirectory {
            return []
        }
        return records
    }

    /// When names of a network changed last; nil where there never were any.
    func changed(_ network: String) -> FileTime? {
        // A directory that is missing has no names.
        try? FileStatus(of: root.appending(network)).modified
    }
}
