import Diagnostics
import Linux
import OCI
import SystemPackage

/// Makes the rules that the program will be under (landlock_create_ruleset(2),
/// landlock_add_rule(2)).
struct MakeLandlockRuleset: SetupStep {
    /// What the kernel can do of what is asked for.
    let policy: RuntimeSpec.Landlock

    var explanation: Explanation {
        let ruleset = policy.ruleset
        let handled =
            ruleset.handledAccessFS.map(\.rawValue) + ruleset.handledAccessNet.map(\.rawValue)
            + ruleset.scoped.map(\.rawValue)
        return Explanation(
            shell: "# landlock_create_ruleset(\(handled.joined(separator: "|"))), "
                + "\(policy.rules.pathBeneath.count + policy.rules.netPort.count) rules",
            why: "what no rule allows is forbidden to the program, whoever owns the files",
            spec: LandlockPlan.annotation)
    }

    func run(in context: inout SetupContext) throws(Problem) {
        let ruleset = try explaining("cannot make rules of Landlock") {
            () throws(SystemCallError) in
            try LandlockRuleset(
                files: Landlock.FileAccess(policy.ruleset.handledAccessFS),
                ports: Landlock.PortAccess(policy.ruleset.handledAccessNet),
                scopes: policy.ruleset.scopes)
        }
        try addRules(to: ruleset, context)
        context.landlockRuleset = consume ruleset
    }

    private func addRules(
        to ruleset: borrowing LandlockRuleset, _ context: borrowing SetupContext
    ) throws(Problem) {
        for rule in policy.rules.pathBeneath {
            let access = Landlock.FileAccess(rule.allowedAccess)
            for path in rule.paths { try allow(access, beneath: path, ruleset, context) }
        }
        for rule in policy.rules.netPort {
            let access = Landlock.PortAccess(rule.allowedAccess)
            for port in rule.ports {
                try explaining("cannot allow port \(port) by Landlock") {
                    () throws(SystemCallError) in try ruleset.allow(access, to: port)
                }
            }
        }
    }

    private func allow(
        _ access: Landlock.FileAccess, beneath path: String, _ ruleset: borrowing LandlockRuleset,
        _ context: borrowing SetupContext
    ) throws(Problem) {
        let what = "cannot allow access to \(path) by Landlock"
        let file = try explaining(what, fix: "name files that the container has") {
            () throws(SystemCallError) in
            try context.insideRoot { (root) throws(SystemCallError) in
                try root.open(FilePath(path), .path)
            }
        }
        do throws(SystemCallError) {
            try ruleset.allow(access, beneath: file)
        } catch  where error.errno == .invalidArgument && !access.isSubset(of: .ofFiles) {
            throw Problem(
                kind: .invalid, what: what, why: "it is no directory",
                fix: "allow files execute, write_file, read_file, truncate and ioctl_dev alone",
                cause: error)
        } catch {
            throw Problem(what: what, refusal: error)
        }
    }
}

/// Puts the program under the rules (landlock_restrict_self(2)).
struct RestrictByLandlock: SetupStep {
    let flags: Landlock.LogFlags

    var explanation: Explanation {
        Explanation(
            shell: "# landlock_restrict_self()",
            why: "the rules hold for the program and all that it starts, for good",
            spec: LandlockPlan.annotation)
    }

    func run(in context: inout SetupContext) throws(Problem) {
        guard let ruleset = context.landlockRuleset.take() else {
            throw Problem(
                kind: .bug, what: "cannot restrict the program by Landlock",
                why: "no rules were made")
        }
        do throws(SystemCallError) {
            try ruleset.restrictSelf(flags)
        } catch {
            throw Problem(
                what: "cannot restrict the program by Landlock", refusal: error,
                fix: "a seccomp profile has to allow landlock_restrict_self")
        }
    }
}
