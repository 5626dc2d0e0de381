import ContainerRuntime
import Diagnostics
import OCI

/// A seccomp profile in Docker's format: the specification's section with conditional rules.
///
/// A rule counts only where its conditions fit: the container's capabilities, the machine's
/// processor and its kernel. ``resolved(for:)`` keeps those that do.
struct SeccompProfile: Equatable {
    /// Everything but rules and architectures.
    var base: RuntimeSpec.Seccomp
    /// The rules, in order.
    var rules: [Rule]
    /// Which other architectures a processor's programs may have.
    var architectures: [Family]

    /// A rule and where it counts.
    struct Rule: Equatable {
        var rule: RuntimeSpec.Seccomp.Rule
        /// All of these have to fit.
        var includes = Condition()
        /// None of these may fit.
        var excludes = Condition()
    }

    /// Where a rule counts; an empty condition is about nothing.
    struct Condition: Equatable {
        /// Capabilities: "CAP_SYS_ADMIN".
        var capabilities: [String] = []
        /// Processors in Docker's words: "amd64", "s390x".
        var architectures: [String] = []
        /// The first kernel.
        var kernel: KernelVersion?
    }

    /// A processor's own architecture and those that it runs beside it.
    struct Family: Equatable {
        var native: RuntimeSpec.Seccomp.Architecture
        var others: [RuntimeSpec.Seccomp.Architecture]
    }

    /// What the conditions are about.
    struct Target: Equatable {
        /// The container's bounding set.
        var capabilities: [String]
        /// The processor in Docker's words.
        var architecture: String
        /// The processor's system call table.
        var native: RuntimeSpec.Seccomp.Architecture
        var kernel: KernelVersion
    }

    /// The specification's section for one container on one machine.
    func resolved(for target: Target) -> RuntimeSpec.Seccomp {
        var section = base
        if let family = architectures.first(where: { $0.native == target.native }) {
            section.architectures = [family.native] + family.others
        }
        section.syscalls = rules.filter { rule in
            rule.includes.allFit(target) && !rule.excludes.anyFits(target)
        }.map(\.rule)
        return section
    }
}

extension SeccompProfile.Condition {
    /// Whether every part of the condition fits.
    func allFit(_ target: SeccompProfile.Target) -> Bool {
        capabilities.allSatisfy { target.capabilities.contains($0) }
            && (architectures.isEmpty || architectures.contains(target.architecture))
            && (kernel.map { target.kernel >= $0 } ?? true)
    }

    /// Whether a part of the condition fits.
    func anyFits(_ target: SeccompProfile.Target) -> Bool {
        capabilities.contains { target.capabilities.contains($0) }
            || architectures.contains(target.architecture)
            || (kernel.map { target.kernel >= $0 } ?? false)
    }
}

extension SeccompProfile.Target {
    /// A container on this machine.
    ///
    /// - Parameter capabilities: the container's bounding set.
    /// - Returns: what the profile's conditions are about.
    static func here(capabilities: [String]) -> SeccompProfile.Target {
        #if arch(x86_64)
            let names = (word: "amd64", native: RuntimeSpec.Seccomp.Architecture.x86_64)
        #elseif arch(arm64)
            let names = (word: "arm64", native: RuntimeSpec.Seccomp.Architecture.aarch64)
        #else
            #error("Kade has no seccomp profile for this processor")
        #endif
        return SeccompProfile.Target(
            capabilities: capabilities, architecture: names.word, native: names.native,
            kernel: .running)
    }
}
