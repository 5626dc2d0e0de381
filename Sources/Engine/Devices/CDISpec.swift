import Diagnostics
import OCI

/// A file of the Container Device Interface: what devices of one vendor and class bring into a
/// container (<https://github.com/cncf-tags/container-device-interface>, SPEC.md).
struct CDISpec: Sendable, Equatable {
    /// `vendor.com/class`.
    var kind: String
    /// By name.
    var devices: [String: ContainerEdits]
    /// What comes with each of them, once.
    var edits: ContainerEdits

    /// What is changed in a container.
    struct ContainerEdits: Sendable, Equatable {
        var environment: [String] = []
        var deviceNodes: [DeviceNode] = []
        var mounts: [RuntimeSpec.Mount] = []
        var hooks: [Hook] = []
        var additionalGroups: [UInt32] = []
        /// Devices of a network, which an isolated container cannot simply be given.
        var hasNetworkDevices = false
        var intelRdt: RuntimeSpec.IntelRdt?
    }

    /// A device node; what is nil is looked up on the host.
    struct DeviceNode: Sendable, Equatable {
        var path: String
        var hostPath: String
        var type: RuntimeSpec.Device.Kind?
        var major: Int64?
        var minor: Int64?
        var fileMode: UInt32?
        var user: UInt32?
        var group: UInt32?
        /// Any of `r`, `w` and `m`.
        var permissions: String
    }

    /// A hook and the point of the container's life that it belongs to.
    struct Hook: Sendable, Equatable {
        var point: String
        var path: String
        var arguments: [String]
        var environment: [String]
        var timeoutInSeconds: Int?
    }
}

extension CDISpec {
    /// Reads a file's content.
    ///
    /// - Parameters:
    ///   - json: the content, of JSON or YAML.
    ///   - name: the file, for errors.
    /// - Throws: `.invalid` for what is no specification, `.unsupported` for one of another version.
    init(_ json: JSONValue, named name: String) throws(Problem) {
        func invalid(_ why: String) -> Problem {
            Problem(
                kind: .invalid, what: "cannot use the CDI specification \(name)", why: why,
                fix: "mend the file, or ask its vendor's tool to write it anew")
        }
        guard let version = json["cdiVersion"]?.string, let kind = json["kind"]?.string else {
            throw invalid("it has no cdiVersion or no kind")
        }
        guard Self.versions.contains(version) else {
            throw invalid(
                "its version is \(version), and known are \(Self.versions.joined(separator: ", "))")
        }
        guard CDIName.isKind(kind) else { throw invalid("\"\(kind)\" is not VENDOR/CLASS") }
        self.kind = kind
        devices = [:]
        for device in json["devices"]?.array ?? [] {
            guard let name = device["name"]?.string, CDIName.isDevice(name) else {
                throw invalid("a device has no name")
            }
            guard devices[name] == nil else { throw invalid("device \(name) is there twice") }
            devices[name] = try ContainerEdits(device["containerEdits"] ?? [:], invalid)
        }
        edits = try ContainerEdits(json["containerEdits"] ?? [:], invalid)
    }

    private static let versions = [
        "0.3.0", "0.4.0", "0.5.0", "0.6.0", "0.7.0", "0.8.0", "1.0.0", "1.1.0",
    ]
}

extension CDISpec.ContainerEdits {
    fileprivate init(_ json: JSONValue, _ invalid: (String) -> Problem) throws(Problem) {
        environment = json["env"]?.stringList ?? []
        for entry in environment where !entry.contains("=") {
            throw invalid("the variable \"\(entry)\" has no value")
        }
        for node in json["deviceNodes"]?.array ?? [] {
            deviceNodes.append(try CDISpec.DeviceNode(node, invalid))
        }
        for mount in json["mounts"]?.array ?? [] {
            guard let source = mount.text("hostPath"), let target = mount.text("containerPath")
            else { throw invalid("a mount has no hostPath or no containerPath") }
            let options = mount["options"]?.stringList ?? []
            mounts.append(
                .init(
                    destination: target, type: mount.text("type") ?? "bind", source: source,
                    options: options.isEmpty ? ["bind"] : options))
        }
        for hook in json["hooks"]?.array ?? [] {
            guard let point = hook.text("hookName"), CDISpec.Hook.points.contains(point),
                let path = hook.text("path"), path.hasPrefix("/")
            else { throw invalid("a hook has no hookName of the runtime's or no absolute path") }
            hooks.append(
                .init(
                    point: point, path: path, arguments: hook["args"]?.stringList ?? [],
                    environment: hook["env"]?.stringList ?? [],
                    timeoutInSeconds: hook["timeout"]?.int))
        }
        for group in json["additionalGids"]?.array ?? [] {
            guard let number: UInt32 = group.number?.integer() else {
                throw invalid("an additional group is no number")
            }
            if number != 0 { additionalGroups.append(number) }
        }
        hasNetworkDevices = !(json["netDevices"]?.array ?? []).isEmpty
        if let limits = json["intelRdt"] {
            intelRdt = try RuntimeSpec.IntelRdt(json: limits.json(), named: "its intelRdt")
        }
    }
}

extension CDISpec.Hook {
    static let points: Set<String> = [
        "prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop",
    ]
}

extension CDISpec.DeviceNode {
    fileprivate init(_ json: JSONValue, _ invalid: (String) -> Problem) throws(Problem) {
        guard let path = json.text("path"), path.hasPrefix("/") else {
            throw invalid("a device node has no absolute path")
        }
        self.path = path
        hostPath = json.text("hostPath") ?? path
        if let text = json.text("type") {
            guard let kind = RuntimeSpec.Device.Kind(rawValue: text) else {
                throw invalid("device node \(path) has the unknown type \(text)")
            }
            type = kind
        }
        major = json.integer("major")
        minor = json["minor"]?.number?.integer()
        fileMode = json["fileMode"]?.number?.integer()
        user = json["uid"]?.number?.integer()
        group = json["gid"]?.number?.integer()
        permissions = json.text("permissions") ?? "rwm"
        guard permissions.allSatisfy({ "rwm".contains($0) }) else {
            throw invalid("device node \(path) has the permissions \(permissions)")
        }
    }
}

/// Names of devices: `vendor.com/class=device`.
package enum CDIName {
    /// Whether a text names a device, and is no path of one.
    package static func isQualified(_ text: String) -> Bool {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        return parts.count == 2 && isKind(String(parts[0])) && isDevice(String(parts[1]))
    }

    static func isKind(_ text: String) -> Bool {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        return parts.count == 2 && isWord(parts[0], "_-.", startsWithLetter: true)
            && isWord(parts[1], "_-.", startsWithLetter: true)
    }

    static func isDevice(_ text: String) -> Bool {
        isWord(text[...], "_-.:", startsWithLetter: false)
    }

    /// Letters and digits at both ends, and between them some marks too.
    private static func isWord(
        _ text: Substring, _ marks: String, startsWithLetter: Bool
    ) -> Bool {
        guard let first = text.first, let last = text.last else { return false }
        func isAlphanumeric(_ character: Character) -> Bool {
            character.isASCII && (character.isLetter || character.isNumber)
        }
        return isAlphanumeric(first) && (!startsWithLetter || first.isLetter)
            && isAlphanumeric(last)
            && text.allSatisfy { isAlphanumeric($0) || marks.contains($0) }
    }
}
