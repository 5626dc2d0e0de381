import ContainerRuntime
import Diagnostics
import Glibc
import Linux
import Networking
import OCI
import SystemPackage

/// What the monitor tells later commands about the container: `lifecycle.json` in the bundle.
///
/// Replaced by rename, so that a reader sees one state or the next. After a crash of the monitor
/// the process identifiers with their start times and the boot tell that the file is stale.
struct LifecycleFile {
    var status = Status.running
    var pid: Int32 = 0
    var pidStartTime: UInt64 = 0
    var startedAt: String?
    var finishedAt: String?
    var exitCode: Int32 = 0
    var wasOutOfMemory = false
    var error: String?
    var restartCount: Int
    /// Whether a command asked for the end, and not the machine's own end.
    var wasStoppedByUser = false
    /// How the run ended, beyond its exit code.
    var end = ContainerEnd()
    /// Why it could not be started, or its monitor could not go on.
    var problem: JSONObject?
    /// How the run before this one ended, where the container was started again since.
    private var previous: JSONObject?
    /// The ports of the host that lead to the container.
    var ports: [PublishedPort] = []
    private let path: FilePath
    private let monitorPid: Int32
    private let monitorStartTime: UInt64
    private let bootID: String

    enum Status: String {
        /// The program runs; a stale file with this status is a container that was lost.
        case running
        /// It ended and will not run again.
        case exited
        /// It ended and runs again soon.
        case restarting
        /// It could not be started.
        case failed
    }

    /// Prepares the file of a container; nothing is written yet.
    init(_ configuration: MonitorConfiguration) throws(Problem) {
        restartCount = configuration.restartCount
        path = FilePath(configuration.bundle).appending("lifecycle.json")
        monitorPid = getpid()
        let me = monitorPid
        (monitorStartTime, bootID) = try explaining("cannot learn who the monitor is") {
            () throws(SystemCallError) in
            (try processStartTime(me) ?? 0, try BootID.current())
        }
    }

    /// A run begins: what is known of the one before it becomes its own part.
    mutating func keepPreviousEnd() {
        if let finishedAt {
            previous = [
                "pid": number(pid), "exitCode": number(exitCode),
                "finishedAt": .string(finishedAt),
                "end": .object(end.json),
            ]
        }
        end = ContainerEnd()
        wasOutOfMemory = false
    }

    /// Replaces the file, also on a full disk.
    func write() throws(Problem) {
        var object: JSONObject = [
            "status": .string(status.rawValue), "pid": number(pid),
            "pidStartTime": number(pidStartTime), "monitorPid": number(monitorPid),
            "monitorStartTime": number(monitorStartTime), "bootID": .string(bootID),
            "exitCode": number(exitCode), "oomKilled": .bool(wasOutOfMemory),
            "restartCount": number(restartCount), "stoppedByUser": .bool(wasStoppedByUser),
        ]
        if !ports.isEmpty { object["ports"] = .array(ports.map(\.json)) }
        object["startedAt"] = startedAt.map { .string($0) }
        object["finishedAt"] = finishedAt.map { .string($0) }
        object["error"] = error.map { .string($0) }
        if end != ContainerEnd() { object["end"] = .object(end.json) }
        object["problem"] = problem.map { .object($0) }
        object["previous"] = previous.map { .object($0) }
        try explaining("cannot note the state of the container in \(path)") {
            () throws(SystemCallError) in
            try File.renew(
                path, with: JSONValue.object(object).json(), permissions: .ownerReadWrite)
        }
    }

    private func number(_ value: some FixedWidthInteger) -> JSONValue {
        .number(JSONNumber(Int(clamping: value)))
    }
}
