/// What a container has used up to one moment: `stats`.
package struct ContainerSample: Sendable, Equatable {
    package var id: String
    package var name: String
    /// Whether it runs; the numbers of one that does not are all 0.
    package var isRunning = false
    /// Processor time of all its processes, since its start.
    package var cpuInNanoseconds: UInt64 = 0
    /// Time of all the machine's processors, since the machine's start.
    package var systemInNanoseconds: UInt64 = 0
    package var processorCount = 1
    /// Without the file cache that nobody used lately, as Docker counts it.
    package var memoryInBytes: UInt64 = 0
    /// The machine's memory where there is no lower limit.
    package var memoryLimitInBytes: UInt64 = 0
    package var receivedInBytes: UInt64 = 0
    package var sentInBytes: UInt64 = 0
    package var readInBytes: UInt64 = 0
    package var writtenInBytes: UInt64 = 0
    package var processes: UInt64 = 0

    package init(id: String, name: String) {
        self.id = id
        self.name = name
    }

    /// The share of one processor since an earlier sample, in per cent (docker/cli,
    /// command/container/stats_helpers.go).
    package func cpuPercentage(since earlier: ContainerSample) -> Double {
        guard cpuInNanoseconds > earlier.cpuInNanoseconds,
            systemInNanoseconds > earlier.systemInNanoseconds
        else { return 0 }
        let used = Double(cpuInNanoseconds - earlier.cpuInNanoseconds)
        let all = Double(systemInNanoseconds - earlier.systemInNanoseconds)
        return used / all * Double(processorCount) * 100
    }

    /// The share of the limit, in per cent.
    package var memoryPercentage: Double {
        memoryLimitInBytes == 0 ? 0 : Double(memoryInBytes) / Double(memoryLimitInBytes) * 100
    }
}

/// What the machine's processors have done: the lines `cpu…` of `/proc/stat` (proc_stat(5)).
struct ProcessorTimes: Equatable {
    /// Of all processors together, in ticks.
    var total: UInt64 = 0
    var processorCount = 0

    init(procStat text: String) {
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            guard let name = words.first, name.hasPrefix("cpu") else { continue }
            if name == "cpu" {
                // user, nice, system, idle, iowait, irq, softirq, steal; guests are in user.
                total = words.dropFirst().prefix(8).reduce(0) { $0 + (UInt64($1) ?? 0) }
            } else {
                processorCount += 1
            }
        }
    }
}

/// Bytes that came and went over network interfaces: `/proc/PID/net/dev` (proc_pid_net(5)).
struct NetworkTraffic: Equatable {
    var receivedInBytes: UInt64 = 0
    var sentInBytes: UInt64 = 0

    /// Adds up all interfaces except for the loopback.
    init(netDev text: String) {
        for line in text.split(separator: "\n").dropFirst(2) {
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2, parts[0].drop(while: { $0 == " " }) != "lo" else { continue }
            let numbers = parts[1].split(separator: " ").compactMap { UInt64($0) }
            guard numbers.count >= 9 else { continue }
            receivedInBytes += numbers[0]
            sentInBytes += numbers[8]
        }
    }
}
