import OCI

@testable import ContainerRuntime

/// Makes profiles out of a seed: SplitMix64.
struct ProfileGenerator: RandomNumberGenerator {
    private var state: UInt64
    /// Calls and arguments that an order compares already.
    private var ordered: Set<String> = []

    init(seed: UInt64) { state = seed &* 0x2545_F491_4F6C_DD1D }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }

    /// A profile whose verdicts do not depend on the order of overlapping rules.
    mutating func profile() -> RuntimeSpec.Seccomp {
        let standard = pick([
            RuntimeSpec.Seccomp.Action.errno, .errno, .allow, .killProcess, .log, .trap, .trace,
        ])
        var profile = RuntimeSpec.Seccomp(defaultAction: standard)
        if standard == .errno, Bool.random(using: &self) { profile.defaultErrnoRet = 38 }
        profile.architectures = [.x86_64, .x86, .x32, .aarch64, .arm, .mips].filter { _ in
            Bool.random(using: &self)
        }
        // x32 is a part of x86_64.
        if profile.architectures.contains(.x32) { profile.architectures.append(.x86_64) }
        // All rules with conditions of a call have one action: libseccomp refuses others.
        var actions: [String: RuntimeSpec.Seccomp.Action] = [:]
        let names = SyscallTable.shared.names.shuffled(using: &self)
        let known =
            names.filter { $0 != "ipc" && $0 != "socketcall" }
            .prefix(Int.random(in: 1...400, using: &self)) + ["no_such_call"]
        for _ in 0..<Int.random(in: 1...60, using: &self) {
            let name = pick(Array(known))
            var rule = RuntimeSpec.Seccomp.Rule(names: [name], action: pick(Self.actions))
            if Bool.random(using: &self) {
                rule.names += (0..<40).map { _ in pick(Array(known)) }
                // i386's socketcall and ipc take conditions from the names they stand for.
                rule.names.removeAll { actions[$0] != nil && MultiplexedCall($0) != nil }
                if rule.action == .errno { rule.errnoRet = 99 }
                for name in rule.names where MultiplexedCall(name) != nil {
                    actions[name] = rule.errnoRet == nil ? rule.action : .notify
                }
            } else {
                rule.args = conditions(of: name)
                if actions[name] == .notify { continue }  // was the mark of another errno
                rule.action = actions[name] ?? rule.action
                actions[name] = rule.action
            }
            profile.syscalls.append(rule)
        }
        return profile
    }

    private static let actions: [RuntimeSpec.Seccomp.Action] = [
        .allow, .allow, .errno, .kill, .killProcess, .trap, .log, .trace,
    ]

    private mutating func conditions(of name: String) -> [RuntimeSpec.Seccomp.Argument] {
        (0..<Int.random(in: 1...3, using: &self)).map { _ in
            var argument = RuntimeSpec.Seccomp.Argument(
                index: UInt32.random(in: 0...5, using: &self), value: value(), op: .equal)
            // Two orders of one argument in 64 bits confuse libseccomp 2.5.
            let op = pick(Array(RuntimeSpec.Seccomp.Argument.Operator.allCases))
            let isOrder = op != .equal && op != .notEqual && op != .maskedEqual
            if !isOrder || ordered.insert("\(name) \(argument.index)").inserted {
                argument.op = op
            }
            if argument.op == .maskedEqual {
                if argument.value == 0 { argument.value = 1 }
                argument.valueTwo = argument.value & value()
            }
            return argument
        }
    }

    private mutating func value() -> UInt64 {
        pick([
            0, 1, 2, 38, 40, 0x7E02_0000, 0xFFFF_FFFF, 0x1_0000_0000, 0xFFFF_FFFF_0000_0000, .max,
            next(), next() & 0xFFFF,
        ])
    }

    private mutating func pick<Element>(_ elements: [Element]) -> Element {
        elements[Int.random(in: 0..<elements.count, using: &self)]
    }
}

extension MultiplexedCall {
    fileprivate init?(_ name: String) {
        guard let entry = SyscallTable.shared.entry(named: name) else { return nil }
        self.init(entry: entry)
    }
}
