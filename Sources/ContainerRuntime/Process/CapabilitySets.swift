import Diagnostics
import Linux
import OCI

/// The five capability sets of the program: `process.capabilities` (capabilities(7), capset(2)).
///
/// Absent sets are empty: a spec without `process.capabilities` takes all of them away. Names that
/// this kernel does not know and capabilities that the runtime does not have cannot be granted;
/// the container lives without them, with a warning (runtime-spec, config.md § Linux Process).
struct CapabilitySets: Sendable, Equatable {
    var bounding: CapabilitySet
    var permitted: CapabilitySet
    var effective: CapabilitySet
    var inheritable: CapabilitySet
    var ambient: CapabilitySet
    /// What cannot be granted, by its name.
    var ungrantable: [String]

    /// - Parameters:
    ///   - spec: the names; nil is none.
    ///   - grantable: what the runtime has, or all inside of a user namespace of the container.
    init(_ spec: RuntimeSpec.Capabilities?, grantable: CapabilitySet) {
        var missing: [String] = []
        // The lists of a container are nearly always the same.
        var last: (names: [String], set: CapabilitySet) = ([], CapabilitySet(rawValue: 0))
        let read = { (names: [String]) -> CapabilitySet in
            if names == last.names { return last.set }
            var set = CapabilitySet(rawValue: 0)
            for name in names {
                if let capability = Capability(named: name), grantable.contains(capability) {
                    set.insert(capability)
                } else if !missing.contains(name) {
                    missing.append(name)
                }
            }
            last = (names, set)
            return set
        }
        bounding = read(spec?.bounding ?? [])
        permitted = read(spec?.permitted ?? [])
        effective = read(spec?.effective ?? []).intersection(permitted)
        inheritable = read(spec?.inheritable ?? [])
        ambient = read(spec?.ambient ?? []).intersection(permitted).intersection(inheritable)
        ungrantable = missing
    }
}

/// Takes capabilities out of what `execve(2)` could ever grant (`PR_CAPBSET_DROP`).
struct DropBoundingSet: SetupStep {
    let sets: CapabilitySets
    let lastCapability: Int

    var explanation: Explanation {
        Explanation(
            shell: "capsh --drop=… (keeps \(names(sets.bounding)))",
            why: "no program inside can gain another capability",
            spec: "process.capabilities.bounding")
    }

    func run(in context: inout SetupContext) throws(Problem) {
        for name in sets.ungrantable {
            context.warn("\(name) cannot be granted: the runtime does not have it")
        }
        try explaining("cannot drop capabilities", fix: "give the runtime CAP_SETPCAP") {
            () throws(SystemCallError) in
            for number in 0...lastCapability
            where sets.bounding.rawValue & (1 << UInt64(number)) == 0 {
                try BoundingSet.drop(number: number)
            }
        }
    }
}

/// Gives the program its capabilities (capset(2), `PR_CAP_AMBIENT_RAISE`).
struct ApplyCapabilities: SetupStep {
    let sets: CapabilitySets

    var explanation: Explanation {
        Explanation(
            shell: "capset effective=\(names(sets.effective)) ambient=\(names(sets.ambient))",
            why: "the parts of root's power that the program has", spec: "process.capabilities")
    }

    func run(in context: inout SetupContext) throws(Problem) {
        try explaining("cannot set the capabilities") { () throws(SystemCallError) in
            try ProcessCapabilities(
                effective: sets.effective, permitted: sets.permitted,
                inheritable: sets.inheritable
            ).apply()
            if !sets.ambient.isEmpty {
                for capability in sets.ambient.members { try AmbientSet.raise(capability) }
            }
        }
    }
}

private func names(_ set: CapabilitySet) -> String {
    set.isEmpty ? "none" : set.members.map(\.name).joined(separator: ",")
}
