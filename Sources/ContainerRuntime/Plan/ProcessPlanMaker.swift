import Linux
import OCI

/// The steps that `process` asks for, the same for a container's first process and for `exec`.
struct ProcessPlanMaker {
    let process: RuntimeSpec.Process
    let host: HostFacts
    /// Whether the process is root of a user namespace of its own, where everything can be granted.
    let hasOwnUser: Bool
    /// Those of the container.
    let annotations: [String: String]

    /// What confines the program while it is still root.
    var confinement: [any SetupStep] {
        var steps: [any SetupStep] = []
        if let profile = process.apparmorProfile {
            steps.append(
                host.isAppArmorEnabled
                    ? SetSecurityLabel(module: .appArmor, label: profile)
                    : WarnStep(
                        text:
                            "this machine has no AppArmor: nothing applies the profile \(profile)",
                        spec: "process.apparmorProfile"))
        }
        if let label = process.selinuxLabel {
            steps.append(SetSecurityLabel(module: .seLinux, label: label))
        }
        if process.noNewPrivileges { steps.append(ForbidNewPrivileges()) }
        if let scheduler = process.scheduler { steps.append(SetScheduler(scheduler: scheduler)) }
        if let priority = process.ioPriority { steps.append(SetIOPriority(priority: priority)) }
        return steps
    }

    /// The program's limits, as far as they may be set while something is still to be opened.
    var limits: [any SetupStep] {
        process.rlimits.map { SetResourceLimit(limit: $0.isNarrow ? $0.widened : $0) }
    }

    /// Those that are set last: to lower a limit takes no rights.
    private var lateLimits: [any SetupStep] {
        process.rlimits.filter(\.isNarrow).map { SetResourceLimit(limit: $0) }
    }

    private var ownGroups: SetIdentity.OwnGroups {
        if annotations[SetIdentity.annotation] == "1" { return .kept }
        return host.canSetGroups ? .replaced : .undroppable
    }

    /// From root to the program's user.
    var identity: [any SetupStep] {
        let grantable = CapabilitySet(rawValue: hasOwnUser ? .max : host.effectiveCapabilities)
        let sets = CapabilitySets(process.capabilities, grantable: grantable)
        var steps: [any SetupStep] = [
            DropBoundingSet(sets: sets, lastCapability: host.lastCapability),
            OwnStreams(userID: process.user.uid),
            SetIdentity(user: process.user, ownGroups: ownGroups),
            CheckWorkingDirectory(path: process.cwd),
            ApplyCapabilities(sets: sets),
        ]
        if let name = process.args.first {
            steps.append(FindProgram(name: name, environment: process.env))
        }
        if !process.env.contains(where: { $0.hasPrefix("HOME=") }) {
            steps.append(FindHome(userID: process.user.uid))
        }
        return steps + lateLimits
    }
}

extension RuntimeSpec.Rlimit {
    /// How many descriptors the steps want that follow.
    private static let neededDescriptors: UInt64 = 64

    /// Whether it leaves fewer descriptors than the steps want that come after it.
    fileprivate var isNarrow: Bool { type == .openFiles && soft < Self.neededDescriptors }

    /// The same with as many as they want.
    fileprivate var widened: RuntimeSpec.Rlimit {
        var limit = self
        limit.soft = Self.neededDescriptors
        limit.hard = max(hard, Self.neededDescriptors)
        return limit
    }
}
