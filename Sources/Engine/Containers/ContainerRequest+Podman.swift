import ContainerRuntime
import OCI

/// What Docker's API has no place for, in the database and in `inspect`: the object `Podman`.
extension ContainerRequest {
    /// Only what somebody asked; empty for most containers.
    var podmanJSON: JSONValue {
        var json = JSONObject()
        if !requires.isEmpty { json.append("Requires", .strings(requires)) }
        if let rootfs {
            json.append(
                "Rootfs",
                ["Path": .string(rootfs.path), "IsOverlaid": .bool(rootfs.isOverlaid)])
        }
        if notification != .container {
            json.append("SdNotifyMode", .string(notification.rawValue))
        }
        if !process.descriptors.isEmpty {
            json.append("Descriptors", .array(process.descriptors.map { .integer(Int($0)) }))
        }
        if let program = process.initProgram { json.append("InitPath", .string(program)) }
        if let domain = process.personality { json.append("Personality", .string(domain)) }
        if process.userFiles != UserFilesRequest() {
            json.append("UserFiles", process.userFiles.json)
        }
        if let file = network.hostsFile { json.append("HostsFile", .string(file)) }
        if network.keepsHosts { json.append("NoHosts", true) }
        if network.keepsHostname { json.append("NoHostname", true) }
        if !resources.unified.isEmpty { json.append("CgroupConf", .map(resources.unified)) }
        if let name = resources.resourceControlClass { json.append("RDTClass", .string(name)) }
        return .object(json)
    }

    /// Reads what ``podmanJSON`` wrote.
    mutating func read(podmanJSON json: JSONValue) {
        requires = json["Requires"]?.stringList ?? []
        rootfs = json["Rootfs"].map {
            RootfsRequest(path: $0.text("Path") ?? "/", isOverlaid: $0.flag("IsOverlaid"))
        }
        notification = json.text("SdNotifyMode").flatMap(Notification.init) ?? .container
        process.descriptors = (json["Descriptors"]?.array ?? []).compactMap(\.int)
            .map { Int32(clamping: $0) }
        process.initProgram = json.text("InitPath")
        process.personality = json.text("Personality")
        process.userFiles = UserFilesRequest(json["UserFiles"] ?? [:])
        network.hostsFile = json.text("HostsFile")
        network.keepsHosts = json.flag("NoHosts")
        network.keepsHostname = json.flag("NoHostname")
        resources.unified = json["CgroupConf"]?.stringMap ?? [:]
        resources.resourceControlClass = json.text("RDTClass")
    }
}

extension UserFilesRequest {
    fileprivate var json: JSONValue {
        [
            "AddsUser": .bool(addsUser), "HostUsers": .strings(hostUsers),
            "PasswdEntry": .string(passwdEntry ?? ""), "GroupEntry": .string(groupEntry ?? ""),
        ]
    }

    fileprivate init(_ json: JSONValue) {
        addsUser = json.flag("AddsUser")
        hostUsers = json["HostUsers"]?.stringList ?? []
        passwdEntry = json.text("PasswdEntry")
        groupEntry = json.text("GroupEntry")
    }
}
