package import Diagnostics
package import OCI

/// GC: a network's plugins are told who is on it, and remove what belongs to nobody else (CNI 1.1,
/// § GC).
package struct CNICollection: Sendable, Equatable {
    package var network: CNINetwork
    /// Where plugins are.
    package var path: [String]
    /// Everyone who is on the network.
    package var attachments: [Attachment]

    package init(network: CNINetwork, path: [String], attachments: [Attachment]) {
        self.network = network
        self.path = path
        self.attachments = attachments
    }

    /// A container's device on the network.
    package struct Attachment: Sendable, Equatable {
        package var container: String
        package var interface: String

        package init(container: String, interface: String) {
            self.container = container
            self.interface = interface
        }
    }

    /// Asks all plugins; the caller sees to it that nobody comes or goes meanwhile.
    ///
    /// - Throws: what plugins refuse, after all of them were asked.
    package func run() throws(Problem) {
        let what = "cannot clean up network \(network.name)"
        var refusals = Refusals()
        for plugin in network.plugins {
            do throws(Problem) {
                _ = try CNIPlugin(plugin["type"]?.string ?? "", in: path, what).run(
                    configuration(of: plugin),
                    environment: CNINetwork.environment(.collect, path: path), what)
            } catch {
                refusals.add(error)
            }
        }
        try refusals.check()
    }

    /// What a plugin reads from its standard input.
    package func configuration(of plugin: JSONObject) -> JSONValue {
        guard var object = network.configuration(of: plugin).object else { return .null }
        object["cni.dev/valid-attachments"] = .array(
            attachments.map {
                ["containerID": .string($0.container), "ifname": .string($0.interface)]
            })
        return .object(object)
    }
}

extension CNINetwork {
    /// Whether its plugins know STATUS and GC.
    package var hasStatus: Bool { speaks("1.1.0") }

    /// Whether GC may be asked for.
    package var isCollectable: Bool { hasStatus && !forbidsCollection }

    /// What a plugin reads that is asked about no container.
    func configuration(of plugin: JSONObject) -> JSONValue {
        var object = plugin
        object["cniVersion"] = .string(version)
        object["name"] = .string(name)
        object["capabilities"] = nil
        return .object(object)
    }

    /// What a plugin finds in its environment that is asked about no container.
    static func environment(_ verb: CNIVerb, path: [String]) -> [String] {
        [
            "CNI_COMMAND=\(verb.rawValue)", "CNI_PATH=\(path.joined(separator: ":"))",
            CNIAttachment.searchPath,
        ]
    }
}

extension CNICollection {
    /// Reads what ``json`` wrote.
    package init(_ json: JSONValue, named name: String) throws(Problem) {
        self.init(
            network: try CNINetwork(json["network"] ?? .null, adding: [], named: name),
            path: (json["path"]?.array ?? []).compactMap(\.string),
            attachments: (json["attachments"]?.array ?? []).compactMap { attachment in
                guard let container = attachment["container"]?.string,
                    let interface = attachment["interface"]?.string
                else { return nil }
                return Attachment(container: container, interface: interface)
            })
    }

    package var json: JSONValue {
        [
            "network": network.json, "path": .array(path.map { .string($0) }),
            "attachments": .array(
                attachments.map {
                    ["container": .string($0.container), "interface": .string($0.interface)]
                }),
        ]
    }
}
