import ContainerRuntime
import Diagnostics
import Linux
import OCI

/// `kade-runtime events`: prints what a container uses, now and again, and when memory runs out.
enum EventsCommand {
    static func run(_ arguments: [String], _ global: GlobalOptions) throws(Problem) -> CInt {
        let parsed = try ParsedArguments(
            arguments, options: [.value("interval"), .flag("stats")], stopsAtOperand: false)
        let container = try ObservedContainer.find(
            parsed.container(of: "events"), in: global.root)
        let interval = try interval(parsed.value("interval") ?? "5s")
        if try parsed.has("stats") {
            try printEvent("stats", of: container, data: container.statistics())
            return 0
        }
        try watch(container, intervalInMilliseconds: interval)
        return 0
    }

    /// Prints events until the container has ended.
    private static func watch(
        _ container: borrowing ObservedContainer, intervalInMilliseconds interval: Int64
    ) throws(Problem) {
        var watch = try explaining("cannot watch container \(container.id)") {
            () throws(SystemCallError) in
            try ContainerWatch.begin(container, intervalInMilliseconds: interval)
        }
        while true {
            let happened = try explaining("cannot watch container \(container.id)") {
                () throws(SystemCallError) in try watch.next()
            }
            if happened.contains(.outOfMemory) { try printEvent("oom", of: container, data: nil) }
            if happened.contains(.end) { return }
            guard happened.contains(.time) else { continue }
            let data: JSONValue
            do throws(Problem) {
                data = try container.statistics()
            } catch  where error.kind == .notFound {
                // It ends just now: the watch tells, and whether for want of memory.
                continue
            }
            try printEvent("stats", of: container, data: data)
        }
    }

    private static func printEvent(
        _ type: String, of container: borrowing ObservedContainer, data: JSONValue?
    ) throws(Problem) {
        var event: JSONObject = ["type": .string(type), "id": .string(container.id)]
        if let data { event.append("data", data) }
        let line = JSONValue.object(event).json() + [UInt8(ascii: "\n")]
        try explaining("cannot print the event") { () throws(SystemCallError) in
            try OwnedFD(duplicating: 1).writeAll(line)
        }
    }

    /// Reads a length of time as Go writes it, in whole milliseconds: "5s", "1m30s", "1.5h", "100ms".
    private static func interval(_ text: String) throws(Problem) -> Int64 {
        guard let nanoseconds = GoDuration.nanoseconds(text) else {
            throw Problem(
                kind: .invalid, what: "invalid value \"\(text)\" for flag --interval",
                why: "it is a length of time", fix: "write it like 5s or 1m30s")
        }
        guard nanoseconds > 0 else {
            throw Problem(
                kind: .invalid, what: "invalid value \"\(text)\" for flag --interval",
                why: "duration interval must be greater than 0")
        }
        return (nanoseconds - 1) / 1_000_000 + 1
    }
}
