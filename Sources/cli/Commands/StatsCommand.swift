import Diagnostics
import Engine
import Glibc
import OCI

/// `kade stats`: what containers use, again each second.
struct StatsCommand: Command {
    var showsAll = false
    var format: String?
    var isOnce = false
    var isWhole = false
    var names: [String] = []

    static var selection: ContainerSelection? { .one }

    static var grammar: Grammar<StatsCommand> {
        Grammar(
            name: "stats", synopsis: "[OPTIONS] [CONTAINER...]",
            summary: "Display a live stream of container(s) resource usage statistics",
            flags: [
                .switch("all", "a", "Show all containers (default shows just running)", \.showsAll),
                .text(
                    "format", nil, "string",
                    "Format output using a custom template: 'table', 'table TEMPLATE', 'json' or"
                        + " 'TEMPLATE'", \.format),
                .switch(
                    "no-stream", nil, "Disable streaming stats and only pull the first result",
                    \.isOnce),
                .switch("no-trunc", nil, "Do not truncate output", \.isWhole),
            ], operands: .atLeast(0), operandKind: .runningContainers,
            assign: { $0.names = $1 })
    }

    func run(in session: Session) throws(Problem) -> ExitCode {
        let format = try Format(format)
        let containers = try session.engine().containers
        var wanted: [String]? = names.isEmpty ? nil : names
        var earlier = try containers.samples(of: wanted, includingStopped: showsAll)
        while true {
            sleep(1)
            let samples: [ContainerSample]
            do throws(Problem) {
                if let named = wanted {
                    var left: [String] = []
                    for name in named where try containers.exists(name) { left.append(name) }
                    guard !left.isEmpty else { return .success }
                    wanted = left
                }
                samples = try containers.samples(of: wanted, includingStopped: showsAll)
            } catch  where error.kind == .notFound {
                continue  // removed just now
            }
            let listing = StatsListing(isWhole: isWhole).listing(of: samples, since: earlier)
            let text = try listing.text(in: format)
            // The screen is cleared first, so that the table seems to stay where it is.
            let clears = !isOnce && session.output.isTerminal
            try session.output.write((clears ? "\u{1B}[2J\u{1B}[H" : "") + text)
            if isOnce { return .success }
            earlier = samples
        }
    }
}

/// The rows of `stats`, as Docker's formatter has them (docker/cli, container/formatter_stats.go).
struct StatsListing {
    /// `--no-trunc`: IDs are whole.
    let isWhole: Bool

    func listing(
        of samples: [ContainerSample], since earlier: [ContainerSample]
    ) -> Listing {
        var before: [String: ContainerSample] = [:]
        for sample in earlier { before[sample.id] = sample }
        return Listing(
            columns: ["ID", "Name", "CPUPerc", "MemUsage", "MemPerc", "NetIO", "BlockIO", "PIDs"]
                .map { .init(member: $0, title: Self.titles[$0]?.string ?? "") },
            titles: Self.titles,
            rows: samples.map { row($0, since: before[$0.id] ?? $0) })
    }

    private func row(_ sample: ContainerSample, since earlier: ContainerSample) -> JSONObject {
        let id = isWhole ? sample.id : Table.shortID(sample.id)
        return [
            "BlockIO": .string(pair(sample.readInBytes, sample.writtenInBytes)),
            "CPUPerc": .string(Self.percentage(sample.cpuPercentage(since: earlier))),
            "Container": .string(id), "ID": .string(id),
            "MemPerc": .string(Self.percentage(sample.memoryPercentage)),
            "MemUsage": .string(
                HumanUnits.binarySize(Int64(clamping: sample.memoryInBytes)) + " / "
                    + HumanUnits.binarySize(Int64(clamping: sample.memoryLimitInBytes))),
            "Name": .string(sample.name),
            "NetIO": .string(pair(sample.receivedInBytes, sample.sentInBytes)),
            "PIDs": .string("\(sample.processes)"),
        ]
    }

    private func pair(_ first: UInt64, _ second: UInt64) -> String {
        HumanUnits.size(Int64(clamping: first), digits: 3) + " / "
            + HumanUnits.size(Int64(clamping: second), digits: 3)
    }

    /// Two digits behind the point: `12.34%`.
    static func percentage(_ value: Double) -> String {
        let hundredths = Int64((value * 100).rounded())
        let rest = hundredths % 100
        return "\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest)%"
    }

    private static let titles: JSONObject = [
        "BlockIO": "BLOCK I/O", "CPUPerc": "CPU %", "Container": "CONTAINER",
        "ID": "CONTAINER ID", "MemPerc": "MEM %", "MemUsage": "MEM USAGE / LIMIT",
        "Name": "NAME", "NetIO": "NET I/O", "PIDs": "PIDS",
    ]
}
