import ContainerRuntime
import Diagnostics
import Linux
import OCI
import SystemPackage

/// `kade-runtime update`: changes a container's limits.
enum UpdateCommand {
    private static let limits: [OptionName] = [
        .value("blkio-weight"), .value("cpu-period"), .value("cpu-quota"), .value("cpu-burst"),
        .value("cpu-share"), .value("cpu-rt-period"), .value("cpu-rt-runtime"),
        .value("cpu-idle"), .value("cpuset-cpus"), .value("cpuset-mems"), .value("memory"),
        .value("memory-reservation"), .value("memory-swap"), .value("pids-limit"),
        .value("kernel-memory"), .value("kernel-memory-tcp"),
    ]

    static func run(_ arguments: [String], _ global: GlobalOptions) throws(Problem) -> CInt {
        let parsed = try ParsedArguments(
            arguments,
            options: limits + [
                .value("resources", "r"), .value("l3-cache-schema"), .value("mem-bw-schema"),
            ], stopsAtOperand: false)
        let id = try parsed.container(of: "update")
        let change: RuntimeSpec.Resources
        if let file = parsed.value("resources") {
            for option in limits where parsed.value(option.name) != nil {
                throw Problem(
                    kind: .invalid, what: "--\(option.name) beside --resources",
                    why: "the file holds all limits that change", fix: "use one or the other")
            }
            change = try read(file)
        } else {
            change = try flags(parsed)
        }
        let warnings = try Update.run(
            id, change,
            schemata: .init(
                l3Cache: parsed.value("l3-cache-schema"),
                memoryBandwidth: parsed.value("mem-bw-schema")), in: global.root)
        for warning in warnings { global.log.warn(warning) }
        return 0
    }

    /// The limits in a file of JSON, or on standard input: `-`.
    private static func read(_ file: String) throws(Problem) -> RuntimeSpec.Resources {
        let bytes = try explaining("cannot read the limits from \(file)") {
            () throws(SystemCallError) in
            file == "-"
                ? try OwnedFD(duplicating: 0).readAll() : try File.read(FilePath(file))
        }
        return try RuntimeSpec.Resources(
            json: bytes, named: file == "-" ? "standard input" : file)
    }

    private static func flags(_ parsed: ParsedArguments) throws(Problem) -> RuntimeSpec.Resources {
        var cpu = RuntimeSpec.CPU()
        cpu.shares = try parsed.integer("cpu-share")
        cpu.quota = try parsed.integer("cpu-quota")
        cpu.burst = try parsed.integer("cpu-burst")
        cpu.period = try parsed.integer("cpu-period")
        cpu.realtimeRuntime = try parsed.integer("cpu-rt-runtime")
        cpu.realtimePeriod = try parsed.integer("cpu-rt-period")
        cpu.idle = try parsed.integer("cpu-idle")
        cpu.cpus = parsed.value("cpuset-cpus")
        cpu.mems = parsed.value("cpuset-mems")
        var memory = RuntimeSpec.Memory()
        memory.limit = try parsed.bytes("memory")
        memory.reservation = try parsed.bytes("memory-reservation")
        memory.swap = try parsed.bytes("memory-swap")
        memory.kernel = try parsed.bytes("kernel-memory")
        memory.kernelTCP = try parsed.bytes("kernel-memory-tcp")
        var blockIO = RuntimeSpec.BlockIO()
        blockIO.weight = try parsed.integer("blkio-weight")
        return RuntimeSpec.Resources(
            memory: memory, cpu: cpu, pids: .init(limit: try parsed.integer("pids-limit")),
            blockIO: blockIO)
    }
}

extension ParsedArguments {
    /// The value of an option as a number of a type.
    fileprivate func integer<Number: FixedWidthInteger>(
        _ name: String
    ) throws(Problem) -> Number? {
        guard let text = value(name), !text.isEmpty else { return nil }
        guard let number = Number(text) else {
            throw Problem(
                kind: .invalid, what: "invalid value \"\(text)\" for flag --\(name)",
                why: "it is a number from \(Number.min) to \(Number.max)")
        }
        return number
    }

    /// The value of an option as a number of bytes: "512m", "1.5GiB", "-1".
    fileprivate func bytes(_ name: String) throws(Problem) -> Int64? {
        guard let text = value(name), !text.isEmpty else { return nil }
        guard let bytes = ByteCount.parse(text) else {
            throw Problem(
                kind: .invalid, what: "invalid value \"\(text)\" for flag --\(name)",
                why: "it is a number of bytes, or one with a unit, or -1",
                fix: "write it like 536870912, 512m or 1.5g")
        }
        return bytes
    }
}

/// A number of bytes as people write it.
enum ByteCount {
    /// Reads "512m", "1.5GiB" or "-1"; nil where a text is none.
    static func parse(_ text: String) -> Int64? {
        if text == "-1" { return -1 }
        let number = text.prefix { $0.isNumber || $0 == "." }
        let unit = text.dropFirst(number.count).drop { $0 == " " }.lowercased()
        guard let value = Double(number), let power = powers[unit] else { return nil }
        let bytes = value * Double(Int64(1) << Int64(power))
        return bytes < 0x1p63 ? Int64(bytes) : nil
    }

    private static let powers: [String: Int] = [
        "": 0, "b": 0, "k": 10, "kb": 10, "kib": 10, "m": 20, "mb": 20, "mib": 20, "g": 30,
        "gb": 30, "gib": 30, "t": 40, "tb": 40, "tib": 40, "p": 50, "pb": 50, "pib": 50,
    ]
}
