package import OCI

/// What a filter says of each system call of one architecture, for people.
///
/// It follows the same rules as ``SeccompFilter``: of the rules for a call the first without
/// conditions decides, and calls beyond the last that the profile names do not exist.
package struct SeccompSummary: Sendable, Equatable {
    /// What happens to a call.
    package enum Fate: Hashable, Sendable {
        /// One action, whatever the arguments are.
        case always(RuntimeSpec.Seccomp.Action)
        /// The arguments decide.
        case depends
        /// It is newer than the profile: the kernel says that it does not have it.
        case unknown
    }

    /// The calls of each fate, sorted.
    package private(set) var calls: [Fate: [String]] = [:]

    package init(
        of seccomp: RuntimeSpec.Seccomp, on architecture: SyscallArchitecture = .native
    ) {
        let table = SyscallTable.shared
        func number(_ name: String) -> UInt32? {
            table.entry(named: name).flatMap { table.number($0, on: architecture) }
        }
        var rules: [String: Fate] = [:]
        var last: UInt32 = 0
        for rule in seccomp.syscalls {
            // What the default does anyway is no rule, as in the filter.
            let isDefault =
                rule.action == seccomp.defaultAction
                && (rule.errnoRet ?? 1) == (seccomp.defaultErrnoRet ?? 1)
            for name in rule.names {
                if let number = number(name) { last = max(last, number) }
                if case .always = rules[name] { continue }
                guard !isDefault else { continue }
                rules[name] = Self.holdsAlways(rule) ? .always(rule.action) : .depends
            }
        }
        // As libseccomp: what a profile allows unless it says otherwise, new calls are too.
        let refusesNewCalls = ![.allow, .log, .trace].contains(seccomp.defaultAction)
        for name in table.names.sorted() {
            guard let number = number(name) else { continue }
            let isNew = refusesNewCalls && last > 0 && number > last
            let other: Fate = isNew ? .unknown : .always(seccomp.defaultAction)
            calls[rules[name] ?? other, default: []].append(name)
        }
    }

    /// Whether a rule's conditions leave nothing to compare.
    ///
    /// All have to hold together, unless two are about one argument: then one suffices.
    private static func holdsAlways(_ rule: RuntimeSpec.Seccomp.Rule) -> Bool {
        let isAlternative = Set(rule.args.map(\.index)).count < rule.args.count
        func holds(_ condition: RuntimeSpec.Seccomp.Argument) -> Bool {
            condition.op == .maskedEqual && condition.value == 0
        }
        return isAlternative ? rule.args.contains(where: holds) : rule.args.allSatisfy(holds)
    }
}
