package import OCI

/// What the kernel's log says of a process that it ended (`/dev/kmsg`).
package enum KernelVerdict: Sendable, Equatable {
    /// `oom-kill:…,oom_memcg=/kade/ID,task_memcg=/kade/ID,task=sh,pid=4711,uid=0`.
    case outOfMemory(OutOfMemoryKill)
    /// `audit: type=1326 … pid=4711 … sig=31 arch=c000003e syscall=165 …` (seccomp(2)).
    case seccomp(process: Int32, call: UInt32, architecture: UInt32)
    /// `sh[4711]: segfault at 0 ip …`.
    case fault(process: Int32, text: String)

    /// A process that was killed because memory ran out.
    package struct OutOfMemoryKill: Sendable, Equatable {
        package var process: Int32
        package var name: String
        /// The cgroup whose limit was reached; nil where the machine's memory had run out.
        package var limitingCgroup: String?

        package init(process: Int32, name: String, limitingCgroup: String?) {
            self.process = process
            self.name = name
            self.limitingCgroup = limitingCgroup
        }
    }

    /// Finds in the kernel's messages what concerns a container.
    ///
    /// - Parameters:
    ///   - messages: the texts, the oldest first.
    ///   - cgroup: the container's cgroup.
    ///   - process: its first process.
    /// - Returns: what is known, in the order of the log.
    package static func all(
        in messages: [String], of cgroup: String?, process: Int32
    ) -> [KernelVerdict] {
        messages.compactMap { message in
            if message.hasPrefix("oom-kill:") { return outOfMemory(message, cgroup) }
            if message.hasPrefix("audit: type=1326 ") { return seccomp(message, process) }
            return fault(message, process)
        }
    }

    private static func outOfMemory(_ message: String, _ cgroup: String?) -> KernelVerdict? {
        let fields = fields(of: message.dropFirst("oom-kill:".utf8.count), separator: ",")
        guard let cgroup, let place = fields["task_memcg"], isIn(place, cgroup),
            let process = fields["pid"].flatMap({ Int32($0) })
        else { return nil }
        let isOfCgroup = fields["constraint"] == "CONSTRAINT_MEMCG"
        return .outOfMemory(
            OutOfMemoryKill(
                process: process, name: fields["task"] ?? "",
                limitingCgroup: isOfCgroup ? fields["oom_memcg"] : nil))
    }

    /// Whether a cgroup is another one, or below it.
    private static func isIn(_ place: String, _ cgroup: String) -> Bool {
        place == cgroup || place.hasPrefix(cgroup + "/")
    }

    private static func seccomp(_ message: String, _ process: Int32) -> KernelVerdict? {
        let fields = fields(of: message[...], separator: " ")
        guard fields["pid"] == "\(process)", let call = fields["syscall"].flatMap({ UInt32($0) }),
            let signal = fields["sig"], signal != "0"
        else { return nil }
        return .seccomp(
            process: process, call: call,
            architecture: fields["arch"].flatMap { UInt32($0, radix: 16) } ?? 0)
    }

    /// "NAME[PID]: segfault at …", "traps: NAME[PID] general protection fault …".
    ///
    /// Lines of the table of processes that comes with an out-of-memory kill, "[PID] UID …", have
    /// no name before the number.
    private static func fault(_ message: String, _ process: Int32) -> KernelVerdict? {
        guard let end = message.firstIndex(of: "]"), let start = message.firstIndex(of: "["),
            message.startIndex < start, start < end,
            message[message.index(after: start)..<end] == "\(process)"
        else { return nil }
        return .fault(process: process, text: message)
    }

    private static func fields(
        of text: Substring, separator: Character
    ) -> [String: String] {
        var fields: [String: String] = [:]
        for part in text.split(separator: separator) {
            guard let equals = part.firstIndex(of: "=") else { continue }
            fields[String(part[..<equals])] = String(part[part.index(after: equals)...])
        }
        return fields
    }
}

extension KernelVerdict {
    package var json: JSONObject {
        switch self {
        case .outOfMemory(let kill):
            var object: JSONObject = [
                "kind": "outOfMemory", "process": .number(JSONNumber(Int(kill.process))),
                "name": .string(kill.name),
            ]
            if let cgroup = kill.limitingCgroup { object["cgroup"] = .string(cgroup) }
            return object
        case .seccomp(let process, let call, let architecture):
            return [
                "kind": "seccomp", "process": .number(JSONNumber(Int(process))),
                "call": .number(JSONNumber(Int(call))),
                "architecture": .number(JSONNumber(Int(architecture))),
            ]
        case .fault(let process, let text):
            return [
                "kind": "fault", "process": .number(JSONNumber(Int(process))),
                "text": .string(text),
            ]
        }
    }

    /// Reads what ``json`` wrote.
    package init?(_ json: JSONValue) {
        guard let process: Int32 = json["process"]?.number?.integer() else { return nil }
        switch json["kind"]?.string {
        case "outOfMemory":
            self = .outOfMemory(
                OutOfMemoryKill(
                    process: process, name: json["name"]?.string ?? "",
                    limitingCgroup: json["cgroup"]?.string))
        case "seccomp":
            self = .seccomp(
                process: process, call: json["call"]?.number?.integer() ?? 0,
                architecture: json["architecture"]?.number?.integer() ?? 0)
        case "fault": self = .fault(process: process, text: json["text"]?.string ?? "")
        default: return nil
        }
    }
}
