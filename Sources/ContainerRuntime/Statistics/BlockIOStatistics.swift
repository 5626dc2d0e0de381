import Diagnostics
import Linux
import OCI

extension ContainerStatistics {
    /// What went to and from block devices, by device and operation.
    static func blockIO(_ files: CgroupReadings) throws(Problem) -> JSONObject {
        var all = JSONObject()
        switch files.version(.blockIO) {
        case .v1:
            for (name, file) in try legacyFiles(files) {
                let entries = legacyEntries(try files.text(file, .blockIO) ?? "")
                if !entries.isEmpty { all.append(name, .array(entries)) }
            }
        case .v2:
            let text = try files.text("io.stat", .blockIO) ?? ""
            for (name, keys) in [
                ("ioServiceBytesRecursive", ["rbytes": "Read", "wbytes": "Write"]),
                ("ioServicedRecursive", ["rios": "Read", "wios": "Write"]),
            ] {
                let entries = unifiedEntries(text, keys)
                if !entries.isEmpty { all.append(name, .array(entries)) }
            }
            all.add(try pressure("io.pressure", of: .blockIO, files))
        case nil: break
        }
        return all
    }

    /// The files that count, from the scheduler that has most to tell.
    private static func legacyFiles(
        _ files: CgroupReadings
    ) throws(Problem) -> [(name: String, file: String)] {
        let detailed = [
            ("ioServiceBytesRecursive", "io_service_bytes"),
            ("ioServicedRecursive", "io_serviced"), ("ioQueueRecursive", "io_queued"),
            ("ioServiceTimeRecursive", "io_service_time"),
            ("ioWaitTimeRecursive", "io_wait_time"), ("ioMergedRecursive", "io_merged"),
            ("ioTimeRecursive", "time"), ("sectorsRecursive", "sectors"),
        ]
        for prefix in ["blkio.bfq.", "blkio."]
        where try files.text("\(prefix)io_serviced_recursive", .blockIO)?.isEmpty == false {
            return detailed.map { ($0.0, "\(prefix)\($0.1)_recursive") }
        }
        return [
            ("ioServiceBytesRecursive", "blkio.throttle.io_service_bytes_recursive"),
            ("ioServicedRecursive", "blkio.throttle.io_serviced_recursive"),
        ]
    }

    /// Reads lines of "8:0 Read 4096" or "8:0 4096"; a line "Total 4096" is left out.
    private static func legacyEntries(_ text: String) -> [JSONValue] {
        text.split(separator: "\n").compactMap { line in
            let words = line.split(separator: " ")
            guard (2...3).contains(words.count), let value = words.last.flatMap({ UInt64($0) })
            else { return nil }
            return entry(words[0], words.count == 3 ? String(words[1]) : "", value)
        }
    }

    /// Reads lines of "8:0 rbytes=1 wbytes=2 rios=3 wios=4".
    private static func unifiedEntries(
        _ text: String, _ operations: [String: String]
    ) -> [JSONValue] {
        text.split(separator: "\n").flatMap { line -> [JSONValue] in
            let words = line.split(separator: " ")
            guard let device = words.first else { return [] }
            return words.dropFirst().compactMap { word in
                let pair = word.split(separator: "=")
                guard pair.count == 2, let operation = operations[String(pair[0])],
                    let value = UInt64(pair[1])
                else { return nil }
                return entry(device, operation, value)
            }
        }
    }

    private static func entry(
        _ device: Substring, _ operation: String, _ value: UInt64
    ) -> JSONValue? {
        let numbers = device.split(separator: ":").compactMap { UInt64($0) }
        guard numbers.count == 2 else { return nil }
        var object = JSONObject()
        object.addUnlessZero("major", numbers[0])
        object.addUnlessZero("minor", numbers[1])
        if !operation.isEmpty { object.append("op", .string(operation)) }
        object.addUnlessZero("value", value)
        return .object(object)
    }
}
