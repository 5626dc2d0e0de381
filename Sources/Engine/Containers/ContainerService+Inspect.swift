import ContainerRuntime
package import Diagnostics
import Linux
package import OCI
import Storage
import SystemPackage

extension ContainerService {
    /// A container in the shape of `docker inspect`, with its size where that is wanted.
    package func inspect(
        _ name: String, includingSize isMeasured: Bool
    ) throws(Problem) -> JSONValue {
        let record = try context.record(of: name)
        guard let status = try context.cleanedStatus(of: record, restarting: true) else {
            throw Problem(
                kind: .notFound, what: "No such container: \(name)",
                why: "it was a --rm container whose run is over")
        }
        let request = record.request
        let command = (request.process.entrypoint ?? []) + (request.command ?? [])
        let bundle = context.configuration.bundle(of: record.id)
        let files = request.namespaces.network.isContainer ? nil : bundle
        var json = JSONObject()
        json.append("Id", .string(record.id))
        json.append("Created", .string(record.created.rfc3339))
        json.append("Path", .string(command.first ?? ""))
        json.append("Args", .strings(Array(command.dropFirst())))
        var state = status.stateJSON
        if var health = try context.health(of: record) {
            // Docker calls what has ended unhealthy.
            if !status.state.isAlive, status.lifecycle != nil { health.status = .unhealthy }
            state["Health"] = health.value
        }
        json.append("State", .object(state))
        json.append("Image", .string(record.imageID))
        json.append("ResolvConfPath", .string(files?.resolver.string ?? ""))
        json.append("HostnamePath", .string(files?.hostname.string ?? ""))
        json.append("HostsPath", .string(files?.hosts.string ?? ""))
        json.append(
            "LogPath",
            .string(
                ["json-file", "k8s-file", "local"].contains(request.logging.driver)
                    ? bundle.log.string : ""))
        json.append("Name", .string("/" + record.name))
        json.append("RestartCount", .integer(status.lifecycle?.restartCount ?? 0))
        if isMeasured {
            let size = try context.size(of: record)
            json.append("SizeRw", .integer(size.writableInBytes))
            json.append("SizeRootFs", .integer(size.rootfsInBytes))
        }
        json.append("Driver", .string(try context.storageDriver(of: record).dockerName))
        json.append("Platform", "linux")
        json.append("MountLabel", "")
        json.append("ProcessLabel", "")
        json.append("AppArmorProfile", "")
        json.append("ExecIDs", .null)
        json.append("HostConfig", try hostConfig(of: record))
        json.append("GraphDriver", try graphDriver(of: record))
        json.append("Mounts", try mounts(of: record))
        json.append("Config", config(of: record))
        json.append(
            "NetworkSettings",
            NetworkSettings(
                status: status, endpoints: try context.endpoints(of: record),
                hasGateways: try !context.isRootless()
            ).json)
        return .object(json)
    }

    /// The request, and what Docker adds: the paths that are hidden or read-only.
    private func hostConfig(of record: ContainerRecord) throws(Problem) -> JSONValue {
        guard case .object(var json) = record.request.hostConfig else { return .null }
        let security = record.request.security
        let options = try SecurityOptions(security.options)
        let isOpen = security.isPrivileged || options.areSystemPathsUnconfined
        json["MaskedPaths"] = isOpen ? .null : .strings(SpecBuilder.maskedPaths)
        json["ReadonlyPaths"] = isOpen ? .null : .strings(SpecBuilder.readOnlyPaths)
        return .object(json)
    }

    private func config(of record: ContainerRecord) -> JSONValue {
        guard case .object(var json) = record.request.config else { return .null }
        if record.request.network.hostname == nil, !record.request.namespaces.network.isContainer {
            json["Hostname"] = .string(String(record.id.prefix(12)))
        }
        return .object(json)
    }

    private func graphDriver(of record: ContainerRecord) throws(Problem) -> JSONValue {
        guard record.imageID != HostImage.name, record.request.rootfs?.isOverlaid != false else {
            return ["Name": "overlay2", "Data": [:]]
        }
        guard try context.storageDriver(of: record) == .overlay else {
            return ["Name": "vfs", "Data": [:]]
        }
        let lower = try context.snapshots(of: record).first?.lower ?? []
        let bundle = context.configuration.bundle(of: record.id)
        return [
            "Name": "overlay2",
            "Data": [
                "LowerDir": .string(lower.map(\.string).joined(separator: ":")),
                "MergedDir": .string(bundle.rootfs.string),
                "UpperDir": .string(bundle.upper.string), "WorkDir": .string(bundle.work.string),
            ],
        ]
    }

    private func mounts(of record: ContainerRecord) throws(Problem) -> JSONValue {
        let uses = try context.database.read { database throws(Problem) in
            try database.volumes(ofContainer: record.id)
        }
        return .array(
            record.request.mounts.map { mount in
                let access: JSONObject = [
                    "Destination": .string(mount.target), "Mode": "",
                    "RW": .bool(!mount.isReadOnly),
                ]
                var json = JSONObject()
                switch mount.kind {
                case .bind(let bind):
                    json["Type"] = "bind"
                    json["Source"] = .string(bind.source)
                    for member in access.members { json.append(member.name, member.value) }
                    json["Propagation"] = .string(bind.propagation ?? "rprivate")
                case .tmpfs:
                    json["Type"] = "tmpfs"
                    json["Source"] = ""
                    for member in access.members { json.append(member.name, member.value) }
                    json["Propagation"] = ""
                case .image(let image):
                    json["Type"] = "image"
                    json["Source"] = .string(image.image)
                    for member in access.members { json.append(member.name, member.value) }
                    json["Propagation"] = ""
                case .volume(let volume):
                    let use = uses.first { $0.target == mount.target }?.name ?? volume.name ?? ""
                    json["Type"] = "volume"
                    json["Name"] = .string(use)
                    json["Source"] = .string(context.configuration.volume(use).string)
                    for member in access.members { json.append(member.name, member.value) }
                    json["Driver"] = "local"
                    json["Propagation"] = ""
                }
                return .object(json)
            })
    }
}

extension NamespaceMode {
    fileprivate var isContainer: Bool {
        if case .container = self { true } else { false }
    }
}

extension ContainerStatus {
    /// Docker's `State`.
    fileprivate var stateJSON: JSONObject {
        var isRunning = false
        var isPaused = false
        switch state {
        case .running, .restarting: isRunning = true
        case .paused: (isRunning, isPaused) = (true, true)
        case .created, .startFailed, .exited, .dead: break
        }
        let finished: Timestamp? = isRunning ? nil : lifecycle?.finishedAt
        return [
            "Status": .string(state.word), "Running": .bool(isRunning), "Paused": .bool(isPaused),
            "Restarting": .bool(state.word == "restarting"),
            "OOMKilled": .bool(lifecycle?.isOutOfMemory ?? false),
            "Dead": .bool(state == .dead), "Pid": .integer(state.pid ?? 0),
            "ExitCode": .integer(state.exitCode), "Error": .string(lifecycle?.error ?? ""),
            "StartedAt": .string(lifecycle?.startedAt?.rfc3339 ?? Timestamp.zeroText),
            "FinishedAt": .string(finished?.rfc3339 ?? Timestamp.zeroText),
        ]
    }
}

extension HealthState {
    /// Docker's `State.Health`.
    fileprivate var value: JSONValue {
        [
            "Status": .string(status.rawValue), "FailingStreak": .integer(failingStreak),
            "Log": .array(
                log.map {
                    [
                        "Start": .string($0.start), "End": .string($0.end),
                        "ExitCode": .integer($0.exitCode), "Output": .string($0.output),
                    ]
                }),
        ]
    }
}
