import Diagnostics
import Linux
import Registry
import Storage
import SystemPackage

/// `kade-server docker-save` and `docker-load`: an image of Docker's daemon into the file that is
/// descriptor 3, and the archive in that file to the daemon.
struct DockerCommand {
    /// Whether the image comes from the daemon.
    private let saves: Bool
    /// A reference or an ID.
    private let name: String

    /// Reads the command and its argument.
    init(parsing arguments: [String]) throws(Problem) {
        let command = arguments.first ?? ""
        let reading = FlagReading(arguments, of: command)
        guard let name = arguments.dropFirst().first, arguments.count == 2, !name.hasPrefix("-")
        else { throw reading.mistake("it needs exactly one image") }
        saves = command == "docker-save"
        self.name = name
    }

    func run() -> Never {
        if saves { save() } else { load() }
    }

    /// Fetches the image, where the policy lets it in.
    private func save() -> Never {
        NetworkCommand.run { [name] _ throws(Problem) in
            try ImageTrust.ofUser(policyFile: nil).admit(daemonImage: name)
            let file = try asking("cannot pull docker-daemon:\(name)") {
                () throws(SystemCallError) in
                try OwnedFD.open("/proc/self/fd/3", [.writeOnly, .truncate])
            }
            try await Self.daemon().save(name, to: file)
        }
    }

    /// Sends the archive.
    private func load() -> Never {
        NetworkCommand.run { [name] _ throws(Problem) in
            let file = try asking("cannot push docker-daemon:\(name)") {
                () throws(SystemCallError) in
                try OwnedFD.open("/proc/self/fd/3", .readOnly)
            }
            try await Self.daemon().load(HeldFile(file), named: name)
        }
    }

    private static func daemon() throws(Problem) -> DockerDaemon {
        let settings = try RegistrySettings(
            verifiesTLS: true, authFile: nil, environment: NetworkCommand.environment)
        return try DockerDaemon(settings: settings, environment: NetworkCommand.environment)
    }
}
