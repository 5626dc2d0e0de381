package import Linux
package import OCI

/// What a container's monitor is told: the content of `monitor.json`, beside `config.json`.
///
/// The engine writes it, the monitor reads it once.
package struct MonitorConfiguration: Sendable, Equatable {
    /// The container's identifier.
    package var id: String
    /// The absolute path of the bundle, where `lifecycle.json` and `steps` go as well.
    package var bundle: String
    /// The directory of the runtime's state: `--root`.
    package var runtimeRoot: String
    /// Where the monitor listens for clients.
    package var socket: String
    /// The overlays that make up the root file system, in the order of mounting.
    package var mounts: [RootfsMount]
    /// What the container's bind mounts come from and no path of the host is; usually none.
    package var sources: [Source] = []
    /// Where the program's pid goes at each start; nil for nowhere.
    package var pidFile: String?
    /// How long a run may last before SIGKILL; 0 for ever.
    package var timeLimitInMilliseconds: Int64 = 0
    /// Whether the program has a terminal.
    package var hasTerminal: Bool
    /// Whether standard input is open; otherwise it is `/dev/null`.
    package var isInputOpen: Bool
    /// Whether standard input ends when the first client that sends it goes: Docker's `StdinOnce`.
    package var endsInputWithClient: Bool
    package var log: LogDestination
    package var restart: RestartPolicy
    /// How often monitors before this one have restarted the container.
    package var restartCount: Int
    /// The signal that asks the program to end.
    package var stopSignal: UInt8
    /// How long a stop waits before SIGKILL; −1 for ever.
    package var stopTimeoutInMilliseconds: Int32
    /// The command that removes the container after its end where no client promised to; empty
    /// for a container that stays.
    package var exitCommand: [String]
    /// Whether the steps of the setup are written to `steps`.
    package var recordsSteps: Bool
    /// Where the monitor tells of what happens to the container; nil for one that nobody sees.
    package var events: Events?
    /// Whether the monitor tells when memory runs out, and not only at the end that it has.
    package var hasMemoryLimit = false
    /// How the monitor finds out whether the program works.
    package var health: HealthCheck?
    /// The container's user namespace; nil for the monitor's own.
    package var userNamespace: UserNamespace?
    /// What a service manager that listens is told.
    package var notification = Notification.ignore

    package init(
        id: String, bundle: String, runtimeRoot: String, socket: String, mounts: [RootfsMount],
        hasTerminal: Bool, isInputOpen: Bool, endsInputWithClient: Bool, log: LogDestination,
        restart: RestartPolicy, restartCount: Int, stopSignal: UInt8,
        stopTimeoutInMilliseconds: Int32, exitCommand: [String], recordsSteps: Bool
    ) {
        self.id = id
        self.bundle = bundle
        self.runtimeRoot = runtimeRoot
        self.socket = socket
        self.mounts = mounts
        self.hasTerminal = hasTerminal
        self.isInputOpen = isInputOpen
        self.endsInputWithClient = endsInputWithClient
        self.log = log
        self.restart = restart
        self.restartCount = restartCount
        self.stopSignal = stopSignal
        self.stopTimeoutInMilliseconds = stopTimeoutInMilliseconds
        self.exitCommand = exitCommand
        self.recordsSteps = recordsSteps
    }

    /// The engine's log of events, and what all events of the container say.
    package struct Events: Sendable, Equatable {
        /// The directory of an ``EventLog``.
        package var directory: String
        package var attributes: [String: String]

        package init(directory: String, attributes: [String: String]) {
            self.directory = directory
            self.attributes = attributes
        }
    }

    /// A user namespace that the monitor makes, or joins.
    package struct UserNamespace: Sendable, Equatable {
        package var maps: UserMaps
        /// The file of another container's namespace; nil for one of the container's own.
        package var path: String?

        package init(maps: UserMaps, path: String?) {
            self.maps = maps
            self.path = path
        }
    }

    /// An overlay of the root file system.
    package struct RootfsMount: Sendable, Equatable {
        /// Where, relative to the bundle's rootfs; empty for the rootfs itself.
        package var at: String
        /// The read-only layers, the uppermost first.
        package var lower: [String]
        /// The writable layer, or nil for a read-only mount.
        package var upper: String?
        /// Overlay's scratch directory, beside ``upper``.
        package var work: String?
        /// Those of the layers that have not arrived.
        package var arrivals: [Arrival] = []
        /// Whether it is a directory of the host itself, its one layer, and no overlay.
        package var isDirectory = false
        /// A copy of what the layers show, which the container writes to; nil for an overlay of them.
        package var copy: String?
        /// Whether the owners of its files are shown through the maps of the container's user
        /// namespace, if it has one.
        package var hasMappedOwners = false

        package init(at: String, lower: [String], upper: String?, work: String?) {
            self.at = at
            self.lower = lower
            self.upper = upper
            self.work = work
        }
    }

    /// A layer that another process fetches: see ``ArrivalHolds``.
    package struct Arrival: Sendable, Equatable {
        /// Its files, one of the mount's layers.
        package var files: String
        /// Where they are once it has arrived.
        package var settled: String
        package var process: Int32
        /// When the process was made, in ticks since boot.
        package var startTime: UInt64
        /// The number of the process's descriptor of the gate that readers wait at.
        package var gate: Int32
        /// The number of its descriptor of the pipe that tells of the end.
        package var end: Int32

        package init(
            files: String, settled: String, process: Int32, startTime: UInt64, gate: Int32,
            end: Int32
        ) {
            self.files = files
            self.settled = settled
            self.process = process
            self.startTime = startTime
            self.gate = gate
            self.end = end
        }
    }
}

extension MonitorConfiguration: JSONCodable {
    package init(from json: inout JSONReader) throws(JSONError) {
        let value = try json.readValue()
        func text(_ name: String) throws(JSONError) -> String {
            guard let text = value[name]?.string else {
                throw json.error("needs the string \(name)")
            }
            return text
        }
        let stop = value["stop"]
        self.init(
            id: try text("id"), bundle: try text("bundle"),
            runtimeRoot: try text("runtimeRoot"), socket: try text("socket"),
            mounts: (value["rootfs"]?["mounts"]?.array ?? []).map(RootfsMount.init),
            hasTerminal: value["terminal"]?.bool ?? false,
            isInputOpen: value["openStdin"]?.bool ?? false,
            endsInputWithClient: value["stdinOnce"]?.bool ?? false,
            log: LogDestination(value["log"]), restart: RestartPolicy(value["restart"]),
            restartCount: value["restartCount"]?.int ?? 0,
            stopSignal: UInt8(clamping: stop?["signal"]?.int ?? 15),
            stopTimeoutInMilliseconds: Int32(
                clamping: stop?["timeoutInMilliseconds"]?.int ?? 10000),
            exitCommand: (value["exitCommand"]?.array ?? []).compactMap(\.string),
            recordsSteps: value["recordSteps"]?.bool ?? false)
        events = value["events"].flatMap(Events.init)
        health = value["health"].flatMap(HealthCheck.init)
        pidFile = value["pidFile"]?.string
        hasMemoryLimit = value["hasMemoryLimit"]?.bool ?? false
        timeLimitInMilliseconds = Int64(max(0, value["timeLimitInMilliseconds"]?.int ?? 0))
        sources = (value["sources"]?.array ?? []).map(Source.init)
        userNamespace = value["userNamespace"].map(UserNamespace.init)
        notification = value["notify"]?.string.flatMap(Notification.init) ?? .ignore
    }

    package func write(to json: inout JSONWriter) {
        json.beginObject()
        json.member("id", id)
        json.member("bundle", bundle)
        json.member("runtimeRoot", runtimeRoot)
        json.member("socket", socket)
        json.member("rootfs", JSONValue.object(["mounts": .array(mounts.map(\.json))]))
        if !sources.isEmpty { json.member("sources", JSONValue.array(sources.map(\.json))) }
        json.optional("pidFile", pidFile)
        if hasMemoryLimit { json.member("hasMemoryLimit", true) }
        if timeLimitInMilliseconds > 0 {
            json.member("timeLimitInMilliseconds", timeLimitInMilliseconds)
        }
        json.member("terminal", hasTerminal)
        json.member("openStdin", isInputOpen)
        json.member("stdinOnce", endsInputWithClient)
        json.member("log", log.json)
        json.member("restart", restart.json)
        json.member("restartCount", restartCount)
        json.member(
            "stop",
            [
                "signal": JSONValue.number(JSONNumber(Int(stopSignal))),
                "timeoutInMilliseconds": .number(JSONNumber(Int(stopTimeoutInMilliseconds))),
            ] as JSONValue)
        json.optional("exitCommand", exitCommand)
        json.member("recordSteps", recordsSteps)
        json.optional("events", events?.json)
        json.optional("health", health?.json)
        json.optional("userNamespace", userNamespace?.json)
        if notification != .ignore { json.member("notify", notification.rawValue) }
        json.endObject()
    }
}

extension MonitorConfiguration.Events {
    fileprivate init?(_ json: JSONValue) {
        guard let directory = json["directory"]?.string else { return nil }
        self.directory = directory
        attributes = [:]
        for member in json["attributes"]?.object?.members ?? [] {
            attributes[member.name] = member.value.string
        }
    }

    fileprivate var json: JSONValue {
        let members = attributes.sorted { $0.key < $1.key }
        return [
            "directory": .string(directory),
            "attributes": .object(JSONObject(members.map { .init($0.key, .string($0.value)) })),
        ]
    }
}

extension MonitorConfiguration.UserNamespace {
    fileprivate init(_ json: JSONValue) {
        maps = UserMaps(
            users: IDMap(words: (json["users"]?.array ?? []).compactMap(\.string)),
            groups: IDMap(words: (json["groups"]?.array ?? []).compactMap(\.string)))
        path = json["path"]?.string
    }

    fileprivate var json: JSONValue {
        var object: JSONObject = [
            "users": .array(maps.users.words.map { .string($0) }),
            "groups": .array(maps.groups.words.map { .string($0) }),
        ]
        object["path"] = path.map { .string($0) }
        return .object(object)
    }
}

extension MonitorConfiguration.RootfsMount {
    init(_ json: JSONValue) {
        at = json["at"]?.string ?? ""
        lower = (json["lower"]?.array ?? []).compactMap(\.string)
        upper = json["upper"]?.string
        work = json["work"]?.string
        arrivals = (json["arrivals"]?.array ?? []).map(MonitorConfiguration.Arrival.init)
        isDirectory = json["isDirectory"]?.bool ?? false
        copy = json["copy"]?.string
        hasMappedOwners = json["hasMappedOwners"]?.bool ?? false
    }

    var json: JSONValue {
        var object: JSONObject = ["at": .string(at), "lower": .array(lower.map { .string($0) })]
        object["upper"] = upper.map { .string($0) }
        object["work"] = work.map { .string($0) }
        if !arrivals.isEmpty { object["arrivals"] = .array(arrivals.map(\.json)) }
        if isDirectory { object["isDirectory"] = true }
        object["copy"] = copy.map { .string($0) }
        if hasMappedOwners { object["hasMappedOwners"] = true }
        return .object(object)
    }
}

extension MonitorConfiguration.Arrival {
    fileprivate init(_ json: JSONValue) {
        files = json["files"]?.string ?? ""
        settled = json["settled"]?.string ?? ""
        process = Int32(clamping: json["process"]?.int ?? 0)
        startTime = UInt64(clamping: json["startTime"]?.int ?? 0)
        gate = Int32(clamping: json["gate"]?.int ?? -1)
        end = Int32(clamping: json["end"]?.int ?? -1)
    }

    fileprivate var json: JSONValue {
        [
            "files": .string(files), "settled": .string(settled),
            "process": .number(JSONNumber(Int(process))),
            "startTime": .number(JSONNumber(Int(startTime))),
            "gate": .number(JSONNumber(Int(gate))), "end": .number(JSONNumber(Int(end))),
        ]
    }
}
