package import Diagnostics
package import OCI

/// A network that plugins of the Container Network Interface make: a network configuration list
/// (CNI 1.1, § Network configuration format).
package struct CNINetwork: Sendable, Equatable {
    package let name: String
    /// The version of the protocol that its plugins are spoken to in.
    package let version: String
    /// The plugins' own configurations, in the order of ADD; each has a type.
    package let plugins: [JSONObject]
    /// Whether its administrator forbids CHECK.
    package let forbidsCheck: Bool
    /// Whether its administrator forbids GC, as where others use the same file.
    package let forbidsCollection: Bool

    /// The versions that Kade speaks; of those that a list names the latest one counts.
    package static let versions = ["0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0"]

    /// Reads a list, or the configuration of a single plugin (`.conf`), which is a list of one.
    ///
    /// - Parameters:
    ///   - json: the file's content.
    ///   - more: configurations of further plugins, which files beside it have.
    ///   - file: the file's name, for the error.
    /// - Throws: `.invalid` for what is no such list, `.unsupported` for versions that Kade lacks.
    package init(_ json: JSONValue, adding more: [JSONValue], named file: String) throws(Problem) {
        func invalid(_ why: String) -> Problem {
            Problem(kind: .invalid, what: "cannot use the CNI network of \(file)", why: why)
        }
        guard let name = json["name"]?.string, Self.isName(name) else {
            throw invalid(
                "its name is missing, or has something else than letters, digits, _, . and -")
        }
        self.name = name
        let listed =
            json["plugins"] == nil && json["type"] != nil ? [json] : json["plugins"]?.array ?? []
        var plugins: [JSONObject] = []
        for plugin in listed + more {
            guard let object = plugin.object, let type = plugin["type"]?.string, Self.isName(type)
            else { throw invalid("a plugin of it has no type") }
            plugins.append(object)
        }
        guard !plugins.isEmpty else { throw invalid("it has no plugins") }
        self.plugins = plugins
        version = try Self.version(of: json, named: file)
        forbidsCheck = Self.isTrue(json["disableCheck"])
        forbidsCollection = Self.isTrue(json["disableGC"])
    }

    private static func version(
        of json: JSONValue, named file: String
    ) throws(Problem) -> String {
        let named =
            [json["cniVersion"]?.string].compactMap(\.self)
            + (json["cniVersions"]?.array ?? []).compactMap(\.string)
        if let version = versions.last(where: named.contains) { return version }
        throw Problem(
            kind: .unsupported, what: "cannot use the CNI network of \(file)",
            why: named.isEmpty
                ? "it names no cniVersion" : "its cniVersion is \(named.joined(separator: ", "))",
            fix: "write one of \(versions.joined(separator: ", "))")
    }

    private static func isName(_ text: String) -> Bool {
        func isAlphanumeric(_ byte: UInt8) -> Bool {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            default: false
            }
        }
        let others: [UInt8] = [UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "-")]
        return text.utf8.first.map(isAlphanumeric) == true
            && text.utf8.allSatisfy { isAlphanumeric($0) || others.contains($0) }
    }

    /// Go's and the specification's ways to write it.
    private static func isTrue(_ json: JSONValue?) -> Bool {
        json?.bool == true || json?.string == "true"
    }

    /// Whether its version is this one or a later one.
    package func speaks(_ version: String) -> Bool {
        (Self.versions.firstIndex(of: self.version) ?? 0)
            >= (Self.versions.firstIndex(of: version) ?? Self.versions.count)
    }

    /// The plugins' types, in their order.
    package var types: [String] { plugins.compactMap { $0["type"]?.string } }

    /// Whether a plugin takes a capability (CNI 1.1, § Deriving `runtimeConfig`).
    package func has(capability: String) -> Bool {
        plugins.contains { $0["capabilities"]?[capability]?.bool == true }
    }

    /// The list with the one version that counts.
    package var json: JSONValue {
        [
            "cniVersion": .string(version), "name": .string(name),
            "disableCheck": .bool(forbidsCheck), "disableGC": .bool(forbidsCollection),
            "plugins": .array(plugins.map { .object($0) }),
        ]
    }
}
