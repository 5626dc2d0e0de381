import Diagnostics
import Linux
import OCI

extension ContainerStatistics {
    /// Memory in bytes; `swap` is memory and swap together in both versions.
    static func memory(_ files: CgroupReadings) throws(Problem) -> JSONObject {
        let table = try files.table("memory.stat", .memory)
        var memory = JSONObject()
        let isUnified = files.version(.memory) == .v2
        memory.addUnlessZero("cache", table[isUnified ? "file" : "cache"])
        if isUnified {
            let usage = try unifiedEntry("memory", files)
            var swap = try unifiedEntry("memory.swap", files)
            swap.usage += usage.usage
            if swap.limit != .max { swap.limit &+= usage.limit }
            swap.maximum = 0  // a sum of both maxima would mean nothing
            memory.append("usage", usage.json)
            memory.append("swap", swap.json)
            memory.append("kernel", MemoryEntry().json)
            memory.append("kernelTCP", MemoryEntry().json)
        } else {
            for (name, prefix) in [
                ("usage", "memory"), ("swap", "memory.memsw"), ("kernel", "memory.kmem"),
                ("kernelTCP", "memory.kmem.tcp"),
            ] {
                memory.append(name, try legacyEntry(prefix, files).json)
            }
        }
        if !table.isEmpty {
            var raw = JSONObject()
            for (name, value) in table.sorted(by: { $0.key < $1.key }) { raw.add(name, value) }
            memory.append("raw", .object(raw))
        }
        if isUnified { memory.add(try pressure("memory.pressure", of: .memory, files)) }
        return memory
    }

    private static func legacyEntry(
        _ prefix: String, _ files: CgroupReadings
    ) throws(Problem) -> MemoryEntry {
        MemoryEntry(
            limit: try files.number("\(prefix).limit_in_bytes", .memory) ?? 0,
            usage: try files.number("\(prefix).usage_in_bytes", .memory) ?? 0,
            maximum: try files.number("\(prefix).max_usage_in_bytes", .memory) ?? 0,
            failures: try files.number("\(prefix).failcnt", .memory) ?? 0)
    }

    private static func unifiedEntry(
        _ prefix: String, _ files: CgroupReadings
    ) throws(Problem) -> MemoryEntry {
        guard let usage = try files.number("\(prefix).current", .memory) else {
            return MemoryEntry()  // a kernel without swap accounting
        }
        return MemoryEntry(
            limit: try files.number("\(prefix).max", .memory) ?? .max, usage: usage,
            maximum: try files.number("\(prefix).peak", .memory) ?? 0)
    }
}

/// A limit and what is used of it.
private struct MemoryEntry {
    var limit: UInt64 = 0
    var usage: UInt64 = 0
    var maximum: UInt64 = 0
    var failures: UInt64 = 0

    var json: JSONValue {
        var object = JSONObject()
        object.add("limit", limit)
        object.addUnlessZero("usage", usage)
        object.addUnlessZero("max", maximum)
        object.add("failcnt", failures)
        return .object(object)
    }
}
