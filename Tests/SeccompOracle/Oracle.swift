import CSeccomp
package import ContainerRuntime
import Glibc
package import OCI

/// The filter that libseccomp makes of a profile, and runc's refusal of new calls in front of it.
package struct Oracle {
    let filter: [UInt64]
    private let seccomp: RuntimeSpec.Seccomp
    private let lastNumbers: [SyscallArchitecture: UInt32]

    /// Whether libseccomp knows the call by the same numbers; an older one lacks some.
    package static func knows(_ name: String) -> Bool {
        guard let entry = SyscallTable.shared.entry(named: name),
            seccomp_syscall_resolve_name(name) != -1
        else { return false }
        return SyscallArchitecture.allCases.allSatisfy { architecture in
            let theirs = seccomp_syscall_resolve_name_arch(token(architecture), name)
            let own = SyscallTable.shared.number(entry, on: architecture)
            // What i386 has twice, socketcall(2) and ipc(2), has no number of its own there.
            if theirs < 0 { return own == nil || (architecture == .i386 && theirs > -300) }
            return own == UInt32(theirs) & ~0x4000_0000
        }
    }

    package init?(_ seccomp: RuntimeSpec.Seccomp, native: SyscallArchitecture) {
        self.seccomp = seccomp
        let architectures = Set(
            [native] + seccomp.architectures.compactMap(SyscallArchitecture.init))
        guard let exported = Self.export(seccomp, architectures) else { return nil }
        filter = exported
        lastNumbers = Self.lastNumbers(seccomp, architectures)
    }

    /// The verdict that runc's filter gives.
    package func verdict(on input: FilterInput, looksAtArguments: inout Bool) -> UInt32? {
        switch seccomp.defaultAction {
        case .allow, .log, .trace: break
        default: if isNew(input) { return SeccompVerdict.noSuchCall }
        }
        return run(filter, on: input, looksAtArguments: &looksAtArguments)
    }

    private func isNew(_ input: FilterInput) -> Bool {
        let bit: UInt32 = 0x4000_0000
        for (architecture, last) in lastNumbers
        where architecture.auditNumber == input.architecture {
            switch architecture {
            case .x86_64: if input.number & bit == 0, input.number > last { return true }
            case .x32: if input.number & bit != 0, input.number > last | bit { return true }
            default: if input.number > last { return true }
            }
        }
        return false
    }

    private static func lastNumbers(
        _ seccomp: RuntimeSpec.Seccomp, _ architectures: Set<SyscallArchitecture>
    ) -> [SyscallArchitecture: UInt32] {
        var last: [SyscallArchitecture: UInt32] = [:]
        for architecture in architectures {
            for name in seccomp.syscalls.flatMap(\.names) {
                let number = seccomp_syscall_resolve_name_arch(token(architecture), name)
                guard number > 0 else { continue }
                let plain = UInt32(number) & ~0x4000_0000
                last[architecture] = max(last[architecture] ?? 0, plain)
            }
        }
        return last
    }

    private static func export(
        _ seccomp: RuntimeSpec.Seccomp, _ architectures: Set<SyscallArchitecture>
    ) -> [UInt64]? {
        guard let standard = value(seccomp.defaultAction, seccomp.defaultErrnoRet),
            let context = seccomp_init(standard)
        else { return nil }
        defer { seccomp_release(context) }
        for architecture in architectures where architecture != .x86_64 {
            guard seccomp_arch_add(context, token(architecture)) == 0 else { return nil }
        }
        if !architectures.contains(.x86_64) {
            guard seccomp_arch_remove(context, token(.x86_64)) == 0 else { return nil }
        }
        for rule in seccomp.syscalls {
            guard let action = value(rule.action, rule.errnoRet) else { return nil }
            if action == standard { continue }
            for name in rule.names where knows(name) {
                guard add(rule, name, action, to: context) else { return nil }
            }
        }
        return export(context)
    }

    private static func add(
        _ rule: RuntimeSpec.Seccomp.Rule, _ name: String, _ action: UInt32,
        to context: scmp_filter_ctx
    ) -> Bool {
        let number = seccomp_syscall_resolve_name(name)
        let arguments = rule.args.map { argument in
            scmp_arg_cmp(
                arg: argument.index, op: comparison(argument.op), datum_a: argument.value,
                datum_b: argument.valueTwo ?? 0)
        }
        let isRepeated = Set(rule.args.map(\.index)).count < rule.args.count
        for list in isRepeated ? arguments.map({ [$0] }) : [arguments] {
            let result = seccomp_rule_add_array(
                context, action, number, UInt32(list.count), list)
            guard result == 0 else { return false }
        }
        return true
    }

    private static func export(_ context: scmp_filter_ctx) -> [UInt64]? {
        var template = Array("/tmp/seccomp.XXXXXX".utf8CString)
        let file = mkstemp(&template)
        guard file >= 0 else { return nil }
        defer { close(file) }
        unlink(template)
        guard seccomp_export_bpf(context, file) == 0 else { return nil }
        let size = lseek(file, 0, SEEK_END)
        var filter: [UInt64] = Array(repeating: 0, count: Int(size) / 8)
        let count = filter.withUnsafeMutableBytes { pread(file, $0.baseAddress, $0.count, 0) }
        return count == size ? filter : nil
    }

    private static func value(
        _ action: RuntimeSpec.Seccomp.Action, _ errnoRet: UInt32?
    ) -> UInt32? {
        // SCMP_ACT_… have the values of SECCOMP_RET_….
        try? SeccompVerdict.value(of: action, errnoRet: errnoRet, field: "")  // nil is no action
    }

    private static func comparison(_ op: RuntimeSpec.Seccomp.Argument.Operator) -> scmp_compare {
        switch op {
        case .notEqual: SCMP_CMP_NE
        case .less: SCMP_CMP_LT
        case .lessOrEqual: SCMP_CMP_LE
        case .equal: SCMP_CMP_EQ
        case .greaterOrEqual: SCMP_CMP_GE
        case .greater: SCMP_CMP_GT
        case .maskedEqual: SCMP_CMP_MASKED_EQ
        }
    }

    /// `SCMP_ARCH_…` (seccomp.h).
    private static func token(_ architecture: SyscallArchitecture) -> UInt32 {
        architecture == .x32 ? 0x4000_003E : architecture.auditNumber
    }
}
