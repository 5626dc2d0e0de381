import Diagnostics
import Linux
import OCI

/// Memory limits: `linux.resources.memory` (runtime-spec, config-linux.md § Memory).
///
/// | field | version 1 | version 2 | systemd |
/// |---|---|---|---|
/// | `limit` | `memory.limit_in_bytes` | `memory.max` | `MemoryMax` (v1 `MemoryLimit`) |
/// | `swap` (memory and swap together) | `memory.memsw.limit_in_bytes` | `memory.swap.max` (swap alone) | `MemorySwapMax` |
/// | `reservation` | `memory.soft_limit_in_bytes` | `memory.low` | `MemoryLow` |
/// | `swappiness` | `memory.swappiness` | – | – |
/// | `disableOOMKiller` | `memory.oom_control` | – | – |
/// | `kernelTCP` | `memory.kmem.tcp.limit_in_bytes` | – (counted as memory) | – |
///
/// `kernel` is not written: the specification says "NOT RECOMMENDED", kernels since 5.16 do not
/// limit it, and version 2 counts it as memory. `useHierarchy` is what every kernel since 5.11 does. A limit of 0 means that it is not set, as in other runtimes.
enum MemoryLimit {
    private static let field = "linux.resources.memory"

    static func steps(
        for memory: RuntimeSpec.Memory, in cgroup: Cgroup
    ) throws(Problem) -> [any SetupStep] {
        guard isLimited(memory) else { return [] }
        try check(memory)
        switch try cgroup.version(of: .memory, for: field) {
        case .v1: return try legacySteps(for: memory, in: cgroup)
        case .v2: return try unifiedSteps(for: memory, in: cgroup)
        }
    }

    /// Whether any field asks for something.
    static func isLimited(_ memory: RuntimeSpec.Memory) -> Bool {
        set(memory.limit) != nil || set(memory.reservation) != nil || set(memory.swap) != nil
            || memory.swappiness != nil || memory.disableOOMKiller == true
            || set(memory.kernel) != nil || set(memory.kernelTCP) != nil
    }

    /// The same limits as properties of the container's unit.
    static func unitProperties(
        for memory: RuntimeSpec.Memory, in cgroup: Cgroup
    ) throws(Problem) -> [UnitProperty] {
        let limit = set(memory.limit).map { UnitProperty.limit($0) }
        guard cgroup.layout.version(of: .memory) == .v2 else {
            return limit.map { [UnitProperty("MemoryLimit", $0)] } ?? []
        }
        let swap = try unifiedSwap(memory).map { UnitProperty.limit($0) }
        let reservation = set(memory.reservation).map { UnitProperty.limit($0) }
        return [
            limit.map { UnitProperty("MemoryMax", $0) },
            swap.map { UnitProperty("MemorySwapMax", $0) },
            reservation.map { UnitProperty("MemoryLow", $0) },
        ].compactMap(\.self)
    }

    private static func check(_ memory: RuntimeSpec.Memory) throws(Problem) {
        guard let swap = set(memory.swap), swap != -1, let limit = set(memory.limit), limit > swap
        else { return }
        throw .invalidLimit(
            "\(field).swap",
            "\(swap) bytes of memory and swap together are less than the limit of memory, \(limit)",
            fix: "set both: the second is the sum of memory and swap")
    }

    private static func legacySteps(
        for memory: RuntimeSpec.Memory, in cgroup: Cgroup
    ) throws(Problem) -> [any SetupStep] {
        var steps: [any SetupStep] = []
        let limits = legacyLimits(memory, cgroup)
        switch limits.count {
        case 0: break
        case 1: steps.append(limits[0])
        default:
            steps.append(WriteCgroupFilesTogether(writes: limits, spec: field, why: whyLimit))
        }
        if let reservation = set(memory.reservation) {
            steps.append(
                WriteCgroupFile(
                    cgroup, .memory, "memory.soft_limit_in_bytes", "\(reservation)",
                    spec: "\(field).reservation", why: whyReservation))
        }
        if let swappiness = memory.swappiness {
            guard swappiness <= 100 else {
                throw .invalidLimit("\(field).swappiness", "\(swappiness) is not from 0 to 100")
            }
            steps.append(
                WriteCgroupFile(
                    cgroup, .memory, "memory.swappiness", "\(swappiness)",
                    spec: "\(field).swappiness",
                    why: "how willing the kernel is to swap the container's memory out"))
        }
        if memory.disableOOMKiller == true {
            steps.append(
                WriteCgroupFile(
                    cgroup, .memory, "memory.oom_control", "1", spec: "\(field).disableOOMKiller",
                    why: "a process that needs more memory waits instead of being killed"))
        }
        if let limit = set(memory.kernelTCP) {
            steps.append(
                WriteCgroupFile(
                    cgroup, .memory, "memory.kmem.tcp.limit_in_bytes", "\(limit)",
                    spec: "\(field).kernelTCP", why: "buffers of TCP take no more than this"))
        }
        return steps + kernelWarning(memory)
    }

    /// Kernels that Kade runs on do not limit the kernel's own memory apart.
    private static func kernelWarning(_ memory: RuntimeSpec.Memory) -> [any SetupStep] {
        guard let limit = set(memory.kernel), limit != -1 else { return [] }
        return [
            WarnStep(
                text: "the limit of kernel memory is not applied: the kernel counts it as memory",
                spec: "\(field).kernel")
        ]
    }

    private static func legacyLimits(
        _ memory: RuntimeSpec.Memory, _ cgroup: Cgroup
    ) -> [WriteCgroupFile] {
        var limits: [WriteCgroupFile] = []
        if let limit = set(memory.limit) {
            limits.append(
                WriteCgroupFile(
                    cgroup, .memory, "memory.limit_in_bytes", "\(limit)", spec: "\(field).limit",
                    why: whyLimit))
        }
        // Without a limit of memory there is none of both together either.
        if let swap = set(memory.swap) ?? (memory.limit == -1 ? -1 : nil) {
            limits.append(
                WriteCgroupFile(
                    cgroup, .memory, "memory.memsw.limit_in_bytes", "\(swap)",
                    spec: "\(field).swap", why: whySwap, whenMissing: swap == -1 ? .ignore : .fail))
        }
        return limits
    }

    private static func unifiedSteps(
        for memory: RuntimeSpec.Memory, in cgroup: Cgroup
    ) throws(Problem) -> [any SetupStep] {
        if memory.disableOOMKiller == true {
            throw .onlyInVersion1("\(field).disableOOMKiller")
        }
        var steps: [any SetupStep] = []
        if memory.checkBeforeUpdate == true {
            let lowest = [set(memory.limit), set(memory.swap)].compactMap { $0 }
                .filter { $0 > 0 }.min()
            if let lowest { steps.append(CheckMemoryUse(cgroup: cgroup, limitInBytes: lowest)) }
        }
        if let swap = try unifiedSwap(memory) {
            // Nothing is lost without swap accounting when no swap or no limit of it is asked for.
            let isKept = swap == 0 || swap == -1
            steps.append(
                WriteCgroupFile(
                    cgroup, .memory, "memory.swap.max", words(swap), spec: "\(field).swap",
                    why: whySwap, whenMissing: isKept ? .ignore : .fail))
        }
        if let limit = set(memory.limit) {
            steps.append(
                WriteCgroupFile(
                    cgroup, .memory, "memory.max", words(limit), spec: "\(field).limit",
                    why: whyLimit))
        }
        if let reservation = set(memory.reservation) {
            steps.append(
                WriteCgroupFile(
                    cgroup, .memory, "memory.low", words(reservation),
                    spec: "\(field).reservation", why: whyReservation))
        }
        if memory.swappiness != nil {
            steps.append(
                WarnStep(
                    text: "memory.swappiness does not exist in cgroup version 2 and is not applied",
                    spec: "\(field).swappiness"))
        }
        if let limit = set(memory.kernelTCP), limit != -1 {
            steps.append(
                WarnStep(
                    text: "the limit of TCP buffers is not applied: cgroup version 2 counts them "
                        + "as memory",
                    spec: "\(field).kernelTCP"))
        }
        return steps + kernelWarning(memory)
    }

    /// The limit of swap alone, as version 2 wants it; −1 is none.
    private static func unifiedSwap(_ memory: RuntimeSpec.Memory) throws(Problem) -> Int64? {
        guard let swap = set(memory.swap) else { return memory.limit == -1 ? -1 : nil }
        if swap < 0 { return -1 }
        guard let limit = set(memory.limit), limit > 0 else {
            throw .invalidLimit(
                "\(field).swap", "it limits memory and swap together, and memory has no limit",
                fix: "set \(field).limit too")
        }
        return swap - limit
    }

    /// A value that is set: 0 is not.
    private static func set(_ value: Int64?) -> Int64? { value == 0 ? nil : value }

    private static func words(_ value: Int64) -> String { value < 0 ? "max" : "\(value)" }

    private static let whyLimit = "past this many bytes the kernel kills a process of the container"
    private static let whySwap = "how much of the container's memory may be swapped out"
    private static let whyReservation = "the kernel takes memory from others before this container"
}

/// A step that refuses a limit below what is used already: `checkBeforeUpdate`.
///
/// Version 2 kills processes until the rest fits; version 1 refuses such a limit itself.
struct CheckMemoryUse: SetupStep {
    let cgroup: Cgroup
    let limitInBytes: Int64

    var explanation: Explanation {
        Explanation(
            shell: "[ $(cat memory.current) -lt \(limitInBytes) ]",
            why: "a limit below what is used would kill processes of the container",
            spec: "linux.resources.memory.checkBeforeUpdate")
    }

    func run(in context: inout SetupContext) throws(Problem) {
        let what = "cannot set linux.resources.memory.limit to \(limitInBytes)"
        let text: String
        do {
            text = try cgroup.read("memory.current", of: .memory)
        } catch {
            throw Problem(cgroup: what, error)
        }
        guard let used = Int64(text.prefix { $0.isNumber }) else {
            throw Problem(
                kind: .unavailable, what: what,
                why: "memory.current says \"\(text)\", which is no number of bytes")
        }
        guard used >= limitInBytes else { return }
        throw Problem(
            kind: .conflict, what: what,
            why: "the container uses \(used) bytes, and checkBeforeUpdate is set",
            fix: "choose a limit above what it uses")
    }
}
