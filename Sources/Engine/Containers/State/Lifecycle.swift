import ContainerRuntime
import Diagnostics
import Linux
import Networking
import OCI
import SystemPackage

/// What a container's monitor wrote about the last run: `lifecycle.json`.
struct Lifecycle: Sendable, Equatable {
    var status: Status
    var pid: Int32
    /// Ticks since boot, which tell the process from a later one of the same number.
    var pidStartTime: UInt64
    var monitorPid: Int32
    var monitorStartTime: UInt64
    /// The boot that the pids belong to.
    var bootID: String
    var startedAt: Timestamp?
    var finishedAt: Timestamp?
    var exitCode: Int32
    var isOutOfMemory: Bool
    var error: String?
    var restartCount: Int
    /// Whether a user ended the run, with `stop` or `kill`.
    var wasStoppedByUser = false
    /// How the run ended, beyond its exit code.
    var end = ContainerEnd()
    /// Why it could not be started, or its monitor could not go on: a ``Problem``.
    var problem: JSONValue?
    /// How the run before this one ended.
    var previous: PreviousRun?
    /// The ports of the host that lead to the container while it runs.
    var ports: [PublishedPort] = []

    /// A run whose container was started again since.
    struct PreviousRun: Sendable, Equatable {
        var pid: Int32
        var exitCode: Int32
        var finishedAt: Timestamp?
        var end: ContainerEnd
    }

    enum Status: String, Sendable {
        case running, exited, restarting, failed
    }

    /// Reads the file; nil when there was no run yet.
    init?(at path: FilePath) throws(Problem) {
        let bytes: [UInt8]
        do throws(SystemCallError) {
            bytes = try File.read(path)
        } catch  where error.errno == .noSuchFileOrDirectory || error.errno == .notDirectory {
            return nil
        } catch {
            throw Problem(what: "cannot read \(path)", refusal: error)
        }
        guard bytes.contains(where: { $0 != 0 }) else {
            self = try .lost(at: path)
            return
        }
        try self.init(json: .parse(bytes, named: path.string), named: path.string)
    }

    /// A run of which a power failure left the file and not its content.
    ///
    /// The file was made when the run began; the monitor belonged to another boot.
    private static func lost(at path: FilePath) throws(Problem) -> Lifecycle {
        let modified = try explaining("cannot look at \(path)") { () throws(SystemCallError) in
            try FileStatus(ofLink: path).modified
        }
        let start = Timestamp(
            nanosecondsSinceEpoch: modified.seconds * 1_000_000_000 + Int64(modified.nanoseconds))
        var lifecycle = try Lifecycle(json: ["status": "running"], named: path.string)
        lifecycle.startedAt = start
        return lifecycle
    }

    /// Whether the monitor has more to write, unless it was killed.
    var isUnderWay: Bool { status == .running || status == .restarting }

    init(json: JSONValue, named name: String) throws(Problem) {
        guard let status = json["status"]?.string.flatMap(Status.init(rawValue:)) else {
            throw Problem(
                kind: .corrupt, what: "cannot read \(name)",
                why: "its status is \(json["status"]?.jsonString() ?? "missing")",
                fix: "remove the container: kade rm -f")
        }
        self.status = status
        pid = json["pid"]?.number?.integer() ?? 0
        pidStartTime = json["pidStartTime"]?.number?.integer() ?? 0
        monitorPid = json["monitorPid"]?.number?.integer() ?? 0
        monitorStartTime = json["monitorStartTime"]?.number?.integer() ?? 0
        bootID = json["bootID"]?.string ?? ""
        startedAt = json["startedAt"]?.string.flatMap { Timestamp(rfc3339: $0) }
        finishedAt = json["finishedAt"]?.string.flatMap { Timestamp(rfc3339: $0) }
        exitCode = json["exitCode"]?.number?.integer() ?? 0
        isOutOfMemory = json["oomKilled"]?.bool ?? false
        error = json.text("error")
        restartCount = json["restartCount"]?.int ?? 0
        wasStoppedByUser = json["stoppedByUser"]?.bool ?? false
        end = json["end"].map { ContainerEnd($0) } ?? ContainerEnd()
        problem = json["problem"]
        previous = json["previous"].map { PreviousRun($0) }
        ports = (json["ports"]?.array ?? []).compactMap { PublishedPort($0) }
    }

    var json: JSONValue {
        var json: JSONObject = [
            "status": .string(status.rawValue), "pid": .integer(pid),
            "pidStartTime": .integer(pidStartTime), "monitorPid": .integer(monitorPid),
            "monitorStartTime": .integer(monitorStartTime), "bootID": .string(bootID),
            "exitCode": .integer(exitCode), "oomKilled": .bool(isOutOfMemory),
            "restartCount": .integer(restartCount), "stoppedByUser": .bool(wasStoppedByUser),
        ]
        if !ports.isEmpty { json["ports"] = .array(ports.map(\.json)) }
        if let startedAt { json["startedAt"] = .string(startedAt.rfc3339) }
        if let finishedAt { json["finishedAt"] = .string(finishedAt.rfc3339) }
        if let error { json["error"] = .string(error) }
        if end != ContainerEnd() { json["end"] = .object(end.json) }
        if let problem { json["problem"] = problem }
        if let previous { json["previous"] = .object(previous.json) }
        return .object(json)
    }

    /// Replaces the file, also on a full disk.
    func write(to path: FilePath) throws(Problem) {
        try explaining("cannot write \(path)") { () throws(SystemCallError) in
            try File.renew(
                path, with: json.json(), permissions: FilePermissions(rawValue: 0o600))
        }
    }
}

extension Lifecycle.PreviousRun {
    fileprivate init(_ json: JSONValue) {
        pid = json["pid"]?.number?.integer() ?? 0
        exitCode = json["exitCode"]?.number?.integer() ?? 0
        finishedAt = json["finishedAt"]?.string.flatMap { Timestamp(rfc3339: $0) }
        end = json["end"].map { ContainerEnd($0) } ?? ContainerEnd()
    }

    fileprivate var json: JSONObject {
        var json: JSONObject = [
            "pid": .integer(pid), "exitCode": .integer(exitCode), "end": .object(end.json),
        ]
        if let finishedAt { json["finishedAt"] = .string(finishedAt.rfc3339) }
        return json
    }
}

/// What the kernel says about the processes that a lifecycle names.
struct ProcessTruth: Sendable, Equatable {
    var isMonitorAlive: Bool
    var isFrozen: Bool
}

extension ContainerState {
    /// The state that follows from what was declared, what the monitor wrote and what is true.
    ///
    /// A run that the monitor could not end (it was killed, or the machine went down) is Docker's
    /// exit code 255. A program that has ended runs for as long as its monitor has not noted that.
    init(lifecycle: Lifecycle?, truth: ProcessTruth) {
        guard let lifecycle else {
            self = .created
            return
        }
        let started = lifecycle.startedAt ?? Timestamp(nanosecondsSinceEpoch: 0)
        let finished = lifecycle.finishedAt ?? started
        switch lifecycle.status {
        case .running where truth.isMonitorAlive:
            self =
                truth.isFrozen
                ? .paused(pid: lifecycle.pid, since: started)
                : .running(pid: lifecycle.pid, since: started)
        case .running:
            self = .exited(code: 255, at: finished, isOutOfMemory: false)
        case .restarting where truth.isMonitorAlive:
            self = .restarting(code: lifecycle.exitCode, at: finished)
        case .exited, .restarting:
            self = .exited(
                code: lifecycle.exitCode, at: finished, isOutOfMemory: lifecycle.isOutOfMemory)
        case .failed:
            self = .startFailed(
                StartFailure(
                    code: lifecycle.exitCode, message: lifecycle.error ?? "", at: finished))
        }
    }
}
