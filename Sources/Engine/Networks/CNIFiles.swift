import Diagnostics
import Linux
import Networking
import OCI
import SystemPackage

/// The networks that files of the Container Network Interface describe, by the order of their names.
struct CNIFiles {
    /// A network, and where it is written.
    struct Entry {
        var network: CNINetwork
        var file: FilePath
    }

    /// A file that is none of a network, perhaps because it is just being written.
    struct Fault {
        var file: FilePath
        var problem: Problem
    }

    private(set) var entries: [Entry] = []
    private(set) var faults: [Fault] = []

    /// Reads a directory, which need not be there.
    init(in directory: FilePath) throws(Problem) {
        for file in try Self.files(in: directory, endingWith: [".conflist", ".conf", ".json"]) {
            do throws(Problem) {
                let network = try Self.read(file)
                // Of files of one name the first one counts.
                guard self[network.name] == nil else { continue }
                entries.append(Entry(network: network, file: file))
            } catch {
                faults.append(Fault(file: file, problem: error))
            }
        }
    }

    subscript(name: String) -> CNINetwork? {
        entries.first { $0.network.name == name }?.network
    }

    private static func files(
        in directory: FilePath, endingWith endings: [String]
    ) throws(Problem) -> [FilePath] {
        try entriesIfPresent(of: directory).map(\.name.string)
            .filter { name in endings.contains { name.hasSuffix($0) } }
            .sorted().map { directory.appending($0) }
    }

    private static func read(_ file: FilePath) throws(Problem) -> CNINetwork {
        let json = try parse(file)
        var plugins: [JSONValue] = []
        // Plugins may have files of their own, in a directory of the network's name.
        if let name = json["name"]?.string, json["plugins"] != nil || json["type"] == nil,
            json["loadOnlyInlinedPlugins"]?.bool != true,
            let component = FilePath.Component(name)
        {
            let directory = file.removingLastComponent().appending(component)
            if File.exists(directory) {
                for other in try files(in: directory, endingWith: [".conf"]) {
                    plugins.append(try parse(other))
                }
            }
        }
        return try CNINetwork(json, adding: plugins, named: file.string)
    }

    private static func parse(_ file: FilePath) throws(Problem) -> JSONValue {
        let bytes = try explaining("cannot read \(file)") { () throws(SystemCallError) in
            try File.read(file)
        }
        return try .parse(bytes, named: file.string)
    }
}

extension EngineContext {
    /// Makes rows of the networks that files describe now; the rows of others go, unless a
    /// container has a place there, or the file is there and cannot be read.
    ///
    /// - Parameter known: all networks that there are by now.
    /// - Throws: when the directory cannot be read, or the rows cannot be written.
    func noteCNINetworks(besides known: [NetworkRecord]) throws(Problem) {
        guard try !isRootless() else { return }
        let files = try CNIFiles(in: configuration.cniDirectory)
        let rows = known.filter { $0.definition.driver == .cni }
        let taken = Set(known.map(\.name)).subtracting(rows.map(\.name))
            .union(NetworkRecord.predefinedNames)
        let wanted = files.entries.filter { !taken.contains($0.network.name) }
        let changed = wanted.filter { entry in
            !rows.contains {
                $0.name == entry.network.name && $0.definition == NetworkDefinition(of: entry)
            }
        }
        // Somebody may just be writing it.
        let unreadable = Set(files.faults.map(\.file.string))
        let gone = rows.filter { row in
            !wanted.contains { $0.network.name == row.name }
                && !unreadable.contains(row.definition.cniFile ?? "")
        }
        guard !changed.isEmpty || !gone.isEmpty else { return }
        try database.write { database throws(Problem) in
            for entry in changed {
                let old = try database.network(named: entry.network.name)
                let network = NetworkRecord(
                    id: old?.id ?? Random.hexadecimal(bytes: 32), name: entry.network.name,
                    created: old?.created ?? .now, definition: NetworkDefinition(of: entry))
                if old == nil { try database.insert(network) } else { try database.update(network) }
            }
            for network in gone where try database.endpoints(ofNetwork: network.id).isEmpty {
                try database.delete(network: network)
            }
        }
    }

    /// The network as its file describes it now.
    func cniNetwork(of record: NetworkRecord) throws(Problem) -> CNINetwork {
        let files = try CNIFiles(in: configuration.cniDirectory)
        if let network = files[record.name] { return network }
        let what = "cannot connect to network \(record.name)"
        if let fault = files.faults.first(where: {
            $0.file.string == record.definition.cniFile
        }) {
            throw Problem(
                kind: fault.problem.kind, what: what, why: "\(fault.problem)",
                fix: fault.problem.fix ?? "correct the file, and try again",
                cause: fault.problem)
        }
        throw Problem(
            kind: .notFound, what: what,
            why: "no file of \(configuration.cniDirectory) describes it any more"
                + files.faults.map { "; \($0.problem)" }.joined(),
            fix: "write it again, or do without: kade network disconnect \(record.name) CONTAINER")
    }
}

extension NetworkDefinition {
    /// The file that describes a network of plugins.
    fileprivate var cniFile: String? { driver == .cni ? options["file"] : nil }

    fileprivate init(of entry: CNIFiles.Entry) {
        self.init(driver: .cni)
        options = [
            "file": entry.file.string, "cniVersion": entry.network.version,
            "plugins": entry.network.types.joined(separator: " "),
        ]
    }
}
