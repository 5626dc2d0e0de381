import Diagnostics
import OCI

/// Makes a filter's program out of rules by architecture.
struct SeccompCompiler {
    private var assembler = SeccompAssembler()
    private let standard: UInt32
    /// One of each architecture, the native one first.
    private let rules: [SeccompRules]
    /// Whether calls beyond the profile's last one fail with ENOSYS.
    private let refusesNewCalls: Bool

    /// The program, one `struct sock_filter` each.
    var instructions: [UInt64] { assembler.instructions }

    init(_ seccomp: RuntimeSpec.Seccomp, native: SyscallArchitecture) throws(Problem) {
        standard = try SeccompVerdict.value(
            of: seccomp.defaultAction, errnoRet: seccomp.defaultErrnoRet,
            field: "linux.seccomp.defaultErrnoRet")
        switch seccomp.defaultAction {
        case .allow, .log, .trace: refusesNewCalls = false
        default: refusesNewCalls = true
        }
        rules = try Self.rules(of: seccomp, native: native, standard: standard)
        writeProgram(native: native)
    }

    private static func rules(
        of seccomp: RuntimeSpec.Seccomp, native: SyscallArchitecture, standard: UInt32
    ) throws(Problem) -> [SeccompRules] {
        // Tables of other processors are never asked for, and have no part in the filter.
        let listed = seccomp.architectures.compactMap(SyscallArchitecture.init)
        var rules = [SeccompRules(architecture: native)]
        for architecture in listed where !rules.contains(where: { $0.architecture == architecture })
        {
            rules.append(SeccompRules(architecture: architecture))
        }
        for (index, rule) in seccomp.syscalls.enumerated() {
            let field = "linux.seccomp.syscalls[\(index)]"
            let verdict = try SeccompVerdict.value(
                of: rule.action, errnoRet: rule.errnoRet, field: field)
            let alternatives = try alternatives(rule, field)
            for name in rule.names {
                guard let entry = SyscallTable.shared.entry(named: name) else { continue }
                for place in rules.indices {
                    rules[place].add(
                        entry, when: alternatives, verdict: verdict == standard ? nil : verdict)
                }
            }
        }
        return rules
    }

    /// The lists of conditions of a rule, one of which has to hold.
    ///
    /// All of a rule's conditions have to hold together, unless two are about one argument: then
    /// each is a rule of its own, as other runtimes read it.
    private static func alternatives(
        _ rule: RuntimeSpec.Seccomp.Rule, _ field: String
    ) throws(Problem) -> [[RuntimeSpec.Seccomp.Argument]] {
        guard !rule.args.isEmpty else { return [] }
        var seen = 0
        var isRepeated = false
        for (index, argument) in rule.args.enumerated() {
            guard argument.index <= 5 else {
                throw Problem(
                    kind: .invalid, what: "cannot use \(field).args[\(index)].index",
                    why: "it is \(argument.index), and a system call has arguments 0 to 5")
            }
            let bit = 1 << Int(argument.index)
            isRepeated = isRepeated || seen & bit != 0
            seen |= bit
        }
        return isRepeated ? rule.args.map { [$0] } : [rule.args]
    }

    private mutating func writeProgram(native: SyscallArchitecture) {
        // An architecture that the profile does not list is no way around it.
        var next = assembler.verdict(SeccompVerdict.killThread)
        let others: [SyscallArchitecture] = [.arm, .i386, .aarch64, .x86_64]
        for architecture in others.filter({ $0 != native }) + [native] {  // is asked for first
            guard let ranges = ranges(of: architecture) else { continue }
            let tree = writeTree(ranges[...], isWide: architecture.hasWideArguments)
            let start = assembler.load(.number, then: tree)
            next = assembler.compare(
                .equal, architecture.auditNumber, yes: start, no: next)
        }
        _ = assembler.load(.architecture, then: next)
    }

    /// Writes a binary search over ranges.
    private mutating func writeTree(
        _ ranges: ArraySlice<SeccompRules.Range>, isWide: Bool
    ) -> SeccompAssembler.Place {
        guard ranges.count > 1 else { return write(ranges[ranges.startIndex], isWide: isWide) }
        let middle = ranges.startIndex + ranges.count / 2
        let upper = writeTree(ranges[middle...], isWide: isWide)
        let lower = writeTree(ranges[..<middle], isWide: isWide)
        return assembler.compare(.greaterOrEqual, ranges[middle].start, yes: upper, no: lower)
    }

    private mutating func write(
        _ range: SeccompRules.Range, isWide: Bool
    ) -> SeccompAssembler.Place {
        switch range.outcome {
        case .verdict(let verdict): return assembler.verdict(verdict)
        case .rules(let rules):
            // x32 shares x86_64's tree, and only the low half of its arguments counts.
            let isWide = isWide && range.start & SyscallArchitecture.x32Bit == 0
            return rules.reversed().reduce(assembler.verdict(standard)) { next, rule in
                let verdict = assembler.verdict(rule.verdict)
                return assembler.test(rule.conditions, isWide: isWide, yes: verdict, no: next)
            }
        }
    }
}

extension SeccompCompiler {
    /// What happens to every number that a 32-bit register can hold, or nil for an architecture
    /// that the filter does not know.
    private func ranges(of architecture: SyscallArchitecture) -> [SeccompRules.Range]? {
        if architecture == .x86_64 { return rangesOfX86_64() }
        guard let own = rules(architecture) else { return nil }
        var ranges = own.ranges(standard: standard)
        if let last = last(own) { refuse(from: last + 1, in: &ranges) }
        return ranges
    }

    /// The ranges of x86_64 and of x32, whose numbers differ in one bit.
    private func rangesOfX86_64() -> [SeccompRules.Range]? {
        let bit = SyscallArchitecture.x32Bit
        guard let wide = rules(.x86_64) else { return nil }
        let narrow = rules(.x32)
        var ranges = wide.ranges(standard: standard)
        let lastWide = last(wide)
        if let lastWide { refuse(from: lastWide + 1, in: &ranges) }
        // From here on the bit is set.
        let standard = SeccompRules.Outcome.verdict(standard)
        let unlisted = SeccompRules.Outcome.verdict(SeccompVerdict.killThread)
        for range in narrow?.ranges(standard: self.standard) ?? [] {
            SeccompRules.append(range.outcome, from: bit | range.start, to: &ranges)
        }
        let lastNarrow = narrow.flatMap(last)
        if narrow == nil { SeccompRules.append(unlisted, from: bit, to: &ranges) }
        if let lastNarrow { refuse(from: bit | lastNarrow + 1, in: &ranges) }
        // The bit is clear again, then set again.
        let refused = SeccompRules.Outcome.verdict(SeccompVerdict.noSuchCall)
        let beyond = narrow == nil ? unlisted : standard
        SeccompRules.append(lastWide == nil ? beyond : refused, from: 2 * bit, to: &ranges)
        SeccompRules.append(lastNarrow == nil ? beyond : refused, from: 3 * bit, to: &ranges)
        if lastNarrow == nil {
            // −1 is how a tracer skips a call (seccomp(2)), which is not one of x32.
            SeccompRules.append(standard, from: .max, to: &ranges)
        }
        return ranges
    }

    private func rules(_ architecture: SyscallArchitecture) -> SeccompRules? {
        rules.first { $0.architecture == architecture }
    }

    /// The last call of an architecture when later ones are refused with ENOSYS.
    private func last(_ rules: SeccompRules) -> UInt32? {
        refusesNewCalls ? rules.lastNumber : nil
    }

    /// Lets all numbers from one on fail with ENOSYS.
    private func refuse(from number: UInt32, in ranges: inout [SeccompRules.Range]) {
        ranges.removeAll { $0.start >= number }
        SeccompRules.append(.verdict(SeccompVerdict.noSuchCall), from: number, to: &ranges)
    }
}
