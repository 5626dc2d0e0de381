import OCI

extension MonitorConfiguration {
    /// What a bind mount of the container comes from where no path of the host is it: the monitor
    /// makes it in its own mount namespace.
    ///
    /// The container's `config.json` has it as `mounts/NUMBER` of the bundle.
    package struct Source: Sendable, Equatable {
        /// What it is for its user: "volume data".
        package var name: String
        package var kind: Kind
        /// The file or directory of it that is mounted, looked up beneath its root.
        package var subpath: String?
        /// The directory of the root file system whose content an empty one gets.
        package var filledFrom: String?

        package init(name: String, kind: Kind, subpath: String?) {
            self.name = name
            self.kind = kind
            self.subpath = subpath
        }

        /// What it is.
        package enum Kind: Sendable, Equatable {
            /// A directory of the host.
            case directory(String)
            /// What the options of a volume mount.
            case fileSystem(FileSystem)
            /// Layers, of an image or above a directory of the host.
            case overlay(RootfsMount)
            /// A copy of a file that is in memory alone.
            case secret(Secret)
        }

        /// A secret, and whom its copy belongs to.
        package struct Secret: Sendable, Equatable {
            package var path: String
            package var user: UInt32
            package var group: UInt32
            package var mode: UInt32

            package init(path: String, user: UInt32, group: UInt32, mode: UInt32) {
                self.path = path
                self.user = user
                self.group = group
                self.mode = mode
            }
        }

        /// What the options of a volume mount: `mount -t TYPE -o OPTIONS DEVICE`.
        package struct FileSystem: Sendable, Equatable {
            package var type: String
            package var device: String
            package var options: [String]
            /// The file that names the monitors that have mounted it: all containers with the volume
            /// get the first one's mount, as one tmpfs is what two of them share.
            package var holders: String

            package init(type: String, device: String, options: [String], holders: String) {
                self.type = type
                self.device = device
                self.options = options
                self.holders = holders
            }
        }
    }
}

extension MonitorConfiguration.Source {
    init(_ json: JSONValue) {
        name = json["name"]?.string ?? ""
        if let directory = json["directory"]?.string {
            kind = .directory(directory)
        } else if let overlay = json["overlay"] {
            kind = .overlay(MonitorConfiguration.RootfsMount(overlay))
        } else if let secret = json["secret"] {
            kind = .secret(
                Secret(
                    path: secret["path"]?.string ?? "",
                    user: secret["user"]?.number?.integer() ?? 0,
                    group: secret["group"]?.number?.integer() ?? 0,
                    mode: secret["mode"]?.number?.integer() ?? 0o400))
        } else {
            let system = json["fileSystem"]
            kind = .fileSystem(
                FileSystem(
                    type: system?["type"]?.string ?? "",
                    device: system?["device"]?.string ?? "",
                    options: (system?["options"]?.array ?? []).compactMap(\.string),
                    holders: system?["holders"]?.string ?? ""))
        }
        subpath = json["subpath"]?.string
        filledFrom = json["filledFrom"]?.string
    }

    var json: JSONValue {
        var object: JSONObject = ["name": .string(name)]
        switch kind {
        case .directory(let path): object["directory"] = .string(path)
        case .overlay(let mount): object["overlay"] = mount.json
        case .secret(let secret):
            object["secret"] = [
                "path": .string(secret.path), "user": .number(JSONNumber(secret.user)),
                "group": .number(JSONNumber(secret.group)),
                "mode": .number(JSONNumber(secret.mode)),
            ]
        case .fileSystem(let system):
            object["fileSystem"] = [
                "type": .string(system.type), "device": .string(system.device),
                "options": .array(system.options.map { .string($0) }),
                "holders": .string(system.holders),
            ]
        }
        object["subpath"] = subpath.map { .string($0) }
        object["filledFrom"] = filledFrom.map { .string($0) }
        return .object(object)
    }
}
