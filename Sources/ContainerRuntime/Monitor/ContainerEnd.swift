package import OCI

/// How a run ended, as its monitor saw it: the member `end` of `lifecycle.json`.
package struct ContainerEnd: Sendable, Equatable {
    /// The signal that ended the first process; nil where it called exit(2).
    package var signal: Int32?
    /// The signals that the monitor sent, the first one first.
    package var sent: [SentSignal] = []
    /// What became of the memory; nil without a cgroup that counts it.
    package var memory: MemoryUse?
    /// What the kernel's log says of processes of the container that it ended.
    package var kernel: [KernelVerdict] = []
    /// Whether nobody saw the end, of which the exit code 255 is none of the program's: its monitor
    /// could not go on, was killed, or went down with the machine.
    package var isLost = false

    package init() {}

    /// What went wrong with a container, with something more that did; what is said already is not
    /// repeated.
    package static func error(_ before: String?, adding text: String) -> String {
        guard let before else { return text }
        return before.hasSuffix(text) ? before : "\(before); and \(text)"
    }

    /// A signal that the monitor sent to the first process.
    package struct SentSignal: Sendable, Equatable {
        package var signal: Int32
        package var reason: Reason
        /// RFC 3339.
        package var time: String
        /// Who asked for it: a command's process, user, and words; nil where nobody did.
        package var client: Client?

        package init(signal: Int32, reason: Reason, time: String, client: Client?) {
            self.signal = signal
            self.reason = reason
            self.time = time
            self.client = client
        }
    }

    /// A command that asked for a signal.
    package struct Client: Sendable, Equatable {
        package var process: Int32
        /// Who it was for the machine, which may be another number for the monitor.
        package var user: UInt32
        /// "kade stop web"; empty where it had gone already.
        package var command: String

        package init(process: Int32, user: UInt32, command: String) {
            self.process = process
            self.user = user
            self.command = command
        }
    }

    /// Why the monitor sent a signal.
    package enum Reason: String, Sendable, CaseIterable {
        /// `kade stop`, `kill` or `rm` asked for the end.
        case stop
        /// A client passed a signal on: `kade run` in the foreground.
        case passed
        /// The time that a stop gave was over.
        case patience
        /// `--timeout`: the run took too long.
        case timeLimit
        /// `--health-on-failure`.
        case unhealthy
        /// The monitor itself was told to end, as at the machine's end.
        case machine
        /// Layers of the image will never be whole.
        case layers
    }

    /// The memory of the container's cgroup at its end.
    package struct MemoryUse: Sendable, Equatable {
        package var limitInBytes: UInt64?
        package var peakInBytes: UInt64?
        /// How many processes the kernel killed because memory ran out.
        package var kills: UInt64

        package init(limitInBytes: UInt64?, peakInBytes: UInt64?, kills: UInt64) {
            self.limitInBytes = limitInBytes
            self.peakInBytes = peakInBytes
            self.kills = kills
        }
    }
}

extension ContainerEnd {
    package var json: JSONObject {
        var object = JSONObject()
        if let signal { object["signal"] = .number(JSONNumber(Int(signal))) }
        if !sent.isEmpty { object["sent"] = .array(sent.map { .object($0.json) }) }
        if let memory { object["memory"] = .object(memory.json) }
        if !kernel.isEmpty { object["kernel"] = .array(kernel.map { .object($0.json) }) }
        if isLost { object["lost"] = true }
        return object
    }

    /// Reads what ``json`` wrote; members that are none are left out.
    package init(_ json: JSONValue) {
        signal = json["signal"]?.number?.integer()
        sent = (json["sent"]?.array ?? []).compactMap { SentSignal($0) }
        memory = json["memory"].map { MemoryUse($0) }
        kernel = (json["kernel"]?.array ?? []).compactMap { KernelVerdict($0) }
        isLost = json["lost"]?.bool ?? false
    }
}

extension ContainerEnd.SentSignal {
    fileprivate var json: JSONObject {
        var object: JSONObject = [
            "signal": .number(JSONNumber(Int(signal))), "reason": .string(reason.rawValue),
            "time": .string(time),
        ]
        if let client {
            object["process"] = .number(JSONNumber(Int(client.process)))
            object["user"] = .number(JSONNumber(Int(client.user)))
            object["command"] = .string(client.command)
        }
        return object
    }

    fileprivate init?(_ json: JSONValue) {
        guard let signal: Int32 = json["signal"]?.number?.integer(),
            let reason = json["reason"]?.string.flatMap(ContainerEnd.Reason.init(rawValue:))
        else { return nil }
        self.init(signal: signal, reason: reason, time: json["time"]?.string ?? "", client: nil)
        guard let process: Int32 = json["process"]?.number?.integer() else { return }
        client = ContainerEnd.Client(
            process: process, user: json["user"]?.number?.integer() ?? 0,
            command: json["command"]?.string ?? "")
    }
}

extension ContainerEnd.MemoryUse {
    fileprivate var json: JSONObject {
        var object: JSONObject = ["kills": .number(JSONNumber(kills))]
        if let limitInBytes { object["limit"] = .number(JSONNumber(limitInBytes)) }
        if let peakInBytes { object["peak"] = .number(JSONNumber(peakInBytes)) }
        return object
    }

    fileprivate init(_ json: JSONValue) {
        self.init(
            limitInBytes: json["limit"]?.number?.integer(),
            peakInBytes: json["peak"]?.number?.integer(),
            kills: json["kills"]?.number?.integer() ?? 0)
    }
}
