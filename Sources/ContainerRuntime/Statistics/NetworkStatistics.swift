import Diagnostics
import Linux
import OCI
import SystemPackage

extension ContainerStatistics {
    /// What went over the network interfaces that a process sees, except for the loopback.
    static func networkInterfaces(seenBy process: CInt) throws(Problem) -> JSONValue {
        let text = try explaining("cannot read the counters of network interfaces") {
            () throws(SystemCallError) in
            try File.readText(FilePath("/proc/\(process)/net/dev"))
        }
        let interfaces = networkInterfaces(text)
        return interfaces.isEmpty ? nil : .array(interfaces)
    }

    /// Reads `/proc/PID/net/dev` (proc_pid_net(5)): two lines of headings, then one an interface.
    static func networkInterfaces(_ text: String) -> [JSONValue] {
        text.split(separator: "\n").dropFirst(2).compactMap { line in
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2 else { return nil }
            let name = String(parts[0].drop { $0 == " " })
            let numbers = parts[1].split(separator: " ").compactMap { UInt64($0) }
            guard numbers.count >= 12, name != "lo" else { return nil }
            var object = JSONObject()
            object.append("Name", .string(name))
            for (title, column) in [
                ("RxBytes", 0), ("RxPackets", 1), ("RxErrors", 2), ("RxDropped", 3),
                ("TxBytes", 8), ("TxPackets", 9), ("TxErrors", 10), ("TxDropped", 11),
            ] {
                object.add(title, numbers[column])
            }
            return .object(object)
        }
    }
}
