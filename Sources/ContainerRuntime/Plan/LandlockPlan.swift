package import Diagnostics
import Linux
package import OCI

/// What confines the program by Landlock: the annotation `org.kade.landlock`, which holds
/// ``OCI/RuntimeSpec/Landlock`` as JSON.
///
/// The rules are made while init still is root, so that they can name what only root finds and a
/// path that is missing fails the creation. They hold from the last moment on: before that, init
/// itself opens files, and hooks run.
package struct LandlockPlan {
    package static let annotation = "org.kade.landlock"

    /// In init, while it still is root.
    private(set) var ruleset: [any SetupStep] = []
    /// In init, just before the system call filter that comes last.
    private(set) var restriction: [any SetupStep] = []

    /// - Throws: for a text that is wrong or asks for what this kernel does not have.
    init(
        annotations: [String: String], process: RuntimeSpec.Process, on host: HostFacts
    ) throws(Problem) {
        guard let text = annotations[Self.annotation] else { return }
        let policy = try Self.policy(text, of: process)
        let (offered, left) = policy.offered(by: host.landlockVersion)
        if !left.isEmpty {
            let version = host.landlockVersion
            let missing =
                "\(left.joined(separator: ", ")): the kernel has "
                + (version == 0 ? "no Landlock" : "version \(version) of Landlock")
            guard policy.disableBestEffort == false else {
                throw Problem(
                    kind: .unsupported, what: "cannot restrict \(missing)",
                    why: "the annotation \(Self.annotation) asks for it",
                    fix: "set disableBestEffort to false to do without")
            }
            ruleset = [WarnStep(text: "nothing restricts \(missing)", spec: Self.annotation)]
        }
        guard !offered.ruleset.isEmpty else { return }
        ruleset.append(MakeLandlockRuleset(policy: offered))
        restriction = [RestrictByLandlock(flags: offered.logFlags)]
    }

    /// Reads the annotation, and finds what the kernel would refuse with an errno alone.
    ///
    /// - Parameters:
    ///   - text: the annotation.
    ///   - process: the program that is to be restricted.
    /// - Returns: what the text asks for.
    /// - Throws: `.invalid` for a text that is wrong, `.denied` where the program lacks the right.
    package static func policy(
        _ text: String, of process: RuntimeSpec.Process
    ) throws(Problem) -> RuntimeSpec.Landlock {
        let policy = try RuntimeSpec.Landlock(
            json: Array(text.utf8), named: "the annotation \(annotation)")
        try check(policy)
        try checkRights(of: process)
        return policy
    }

    /// Refuses what CRIU would do without a word: it keeps no rules of Landlock, so that a restored
    /// program would be free of them.
    static func checkAbsence(from spec: RuntimeSpec, orCannot action: String) throws(Problem) {
        guard spec.annotations[annotation] != nil else { return }
        throw Problem(
            kind: .unsupported, what: "cannot \(action)",
            why: "CRIU keeps no rules of Landlock: the restored program would be free of them",
            fix: "make the container without the annotation \(annotation)")
    }

    private static func check(_ policy: RuntimeSpec.Landlock) throws(Problem) {
        guard !policy.ruleset.isEmpty else { throw problem("ruleset", "handles nothing") }
        for (index, rule) in policy.rules.pathBeneath.enumerated() {
            let name = "rules.pathBeneath[\(index)]"
            try check(rule.allowedAccess, are: policy.ruleset.handledAccessFS, name)
            guard !rule.paths.isEmpty else { throw problem(name, "has no paths") }
            for path in rule.paths where !path.hasPrefix("/") {
                throw problem(name, "has the path \"\(path)\", which is not absolute")
            }
        }
        for (index, rule) in policy.rules.netPort.enumerated() {
            let name = "rules.netPort[\(index)]"
            try check(rule.allowedAccess, are: policy.ruleset.handledAccessNet, name)
            guard !rule.ports.isEmpty else { throw problem(name, "has no ports") }
        }
    }

    private static func check<Access: JSONStringEnum>(
        _ allowed: [Access], are handled: [Access], _ name: String
    ) throws(Problem) {
        guard !allowed.isEmpty else { throw problem(name, "allows nothing") }
        for access in allowed where !handled.contains(access) {
            throw problem(name, "allows \(access.rawValue), which the ruleset does not handle")
        }
    }

    private static func checkRights(of process: RuntimeSpec.Process) throws(Problem) {
        let hasRight = process.capabilities?.effective.contains("CAP_SYS_ADMIN") ?? false
        guard process.noNewPrivileges || hasRight else {
            throw Problem(
                kind: .denied, what: "cannot restrict the program by Landlock",
                why: "that needs no_new_privs, or CAP_SYS_ADMIN for the program",
                fix: "set process.noNewPrivileges (--security-opt no-new-privileges)")
        }
    }

    private static func problem(_ member: String, _ what: String) -> Problem {
        Problem(
            kind: .invalid, what: "cannot use the annotation \(annotation)",
            why: "\(member) \(what)")
    }
}
