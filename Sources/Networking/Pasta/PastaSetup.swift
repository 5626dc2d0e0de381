import OCI
package import SystemPackage

/// A container's network by `pasta(1)`, which needs no rights over the machine's network.
///
/// It shows the container the machine's own addresses, and carries each connection over a socket of
/// its own: what comes in over published ports keeps the address of who called.
package struct PastaSetup: Sendable, Equatable {
    /// The program.
    package var program: FilePath
    /// What the user adds: `--network pasta:OPTION,…`.
    package var options: [String]

    package init(program: FilePath, options: [String]) {
        self.program = program
        self.options = options
    }

    /// The address inside at which the host's first name server answers, also one on the host's
    /// loopback.
    package static let nameServer = "169.254.1.1"

    /// That of a container which has devices on bridges, too: its own has a name of none of those.
    ///
    /// - Parameter program: the program.
    /// - Returns: the setup.
    package static func besideBridges(_ program: FilePath) -> PastaSetup {
        PastaSetup(program: program, options: ["-I", "pasta0"])
    }

    /// The words of pasta's command line.
    ///
    /// Nothing of the host's loopback is reached from inside but the name server, and ports that
    /// nobody publishes are not led in.
    ///
    /// - Parameters:
    ///   - namespace: the container's network namespace, as a file that pasta can open.
    ///   - ready: a file to which pasta writes when it is ready.
    ///   - ports: what is published; each has its port of the host.
    /// - Returns: the program's name, and its arguments.
    package func arguments(
        namespace: FilePath, ready: FilePath, ports: [PublishedPort]
    ) -> [String] {
        let published = ports.flatMap { port in
            [
                port.transport == .udp ? "-u" : "-t",
                "\(port.hostAddress)/\(port.hostPort):\(port.port)",
            ]
        }
        func none(_ option: String, unless isUsed: Bool) -> [String] {
            isUsed ? [] : [option, "none"]
        }
        return ["pasta", "--config-net", "--foreground", "--quiet"]
            + ["--dns-forward", Self.nameServer, "--no-map-gw"]
            + none("-t", unless: ports.contains { $0.transport == .tcp })
            + none("-u", unless: ports.contains { $0.transport == .udp })
            + ["-T", "none", "-U", "none"] + published + options
            + ["--pid", ready.string, "--netns", namespace.string]
    }
}

extension PastaSetup {
    init?(_ json: JSONValue) {
        guard let program = json["program"]?.string else { return nil }
        self.init(
            program: FilePath(program),
            options: (json["options"]?.array ?? []).compactMap(\.string))
    }

    var json: JSONValue {
        [
            "program": .string(program.string),
            "options": .array(options.map { .string($0) }),
        ]
    }
}
