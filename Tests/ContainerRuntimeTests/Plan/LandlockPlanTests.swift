import Diagnostics
import Linux
import OCI
import SystemPackage
import Testing

@testable import ContainerRuntime

/// What the annotation `org.kade.landlock` becomes on kernels of several ages.
@Suite struct LandlockPlanTests {
    private func plan(
        _ text: String, version: Int = 7, noNewPrivileges: Bool = true,
        capabilities: [String] = []
    ) throws(Problem) -> LandlockPlan {
        var process = RuntimeSpec.Process(args: ["true"], cwd: "/")
        process.noNewPrivileges = noNewPrivileges
        process.capabilities = .init(effective: capabilities, permitted: capabilities)
        var host = HostFacts()
        host.landlockVersion = version
        return try LandlockPlan(
            annotations: [LandlockPlan.annotation: text], process: process, on: host)
    }

    private func refusal(
        of text: String, version: Int = 7, noNewPrivileges: Bool = true
    ) -> Problem? {
        do throws(Problem) {
            _ = try plan(text, version: version, noNewPrivileges: noNewPrivileges)
            return nil
        } catch { return error }
    }

    private let everything = """
        {"ruleset": {"handledAccessFS": ["execute", "refer", "truncate", "ioctl_dev"],
                     "handledAccessNet": ["bind_tcp", "connect_tcp"],
                     "scoped": ["abstract_unix_socket", "signal"]},
         "rules": {"pathBeneath": [{"allowedAccess": ["execute"], "paths": ["/bin"]},
                                   {"allowedAccess": ["truncate"], "paths": ["/tmp"]}],
                   "netPort": [{"allowedAccess": ["connect_tcp"], "ports": [0, 65535]}]},
         "flags": ["log_same_exec_off", "log_new_exec_on", "log_subdomains_off"],
         "disableBestEffort": false}
        """

    @Test func `a container without the annotation has no steps`() throws {
        let plan = try LandlockPlan(
            annotations: ["other": "{"], process: .init(args: ["true"], cwd: "/"), on: HostFacts())
        #expect(plan.ruleset.isEmpty && plan.restriction.isEmpty)
    }

    @Test func `a kernel that knows everything does everything`() throws {
        let plan = try plan(everything)
        #expect(plan.ruleset.count == 1 && plan.restriction.count == 1)
        let step = try #require(plan.ruleset.first as? MakeLandlockRuleset)
        #expect(step.policy == (try RuntimeSpec.Landlock(json: Array(everything.utf8), named: "")))
        let restriction = try #require(plan.restriction.first as? RestrictByLandlock)
        #expect(restriction.flags == [.notOwn, .newPrograms, .notInner])
        #expect(step.explanation.shell.contains("execute|refer|"))
    }

    @Test(arguments: [
        (1, ["execute"], 0, 0, 0), (2, ["execute", "refer"], 0, 0, 0),
        (3, ["execute", "refer", "truncate"], 0, 0, 0),
        (4, ["execute", "refer", "truncate"], 2, 0, 0),
        (5, ["execute", "refer", "truncate", "ioctl_dev"], 2, 0, 0),
        (6, ["execute", "refer", "truncate", "ioctl_dev"], 2, 2, 0),
        (7, ["execute", "refer", "truncate", "ioctl_dev"], 2, 2, 3),
    ])
    func `with best effort each version does what it has`(
        version: Int, files: [String], ports: Int, scopes: Int, flags: Int
    ) throws {
        let plan = try plan(everything, version: version)
        let step = try #require(plan.ruleset.last as? MakeLandlockRuleset)
        #expect(step.policy.ruleset.handledAccessFS.map(\.rawValue) == files)
        #expect(step.policy.ruleset.handledAccessNet.count == ports)
        #expect(step.policy.ruleset.scoped.count == scopes)
        #expect(step.policy.flags.count == flags)
        #expect(step.policy.rules.pathBeneath.count == (version < 3 ? 1 : 2))
        #expect(step.policy.rules.netPort.count == (version < 4 ? 0 : 1))
        let warning = (plan.ruleset.first as? WarnStep)?.text ?? ""
        #expect(warning.isEmpty == (version == 7))
        #expect(warning.contains("ioctl_dev") == (version < 5), "\(warning)")
        #expect(warning.contains("version \(version)") == (version < 7), "\(warning)")
    }

    @Test func `with best effort a kernel without Landlock only warns`() throws {
        let plan = try plan(everything, version: 0)
        #expect(plan.ruleset.count == 1 && plan.restriction.isEmpty)
        let warning = try #require(plan.ruleset.first as? WarnStep)
        #expect(warning.text.contains("execute") && warning.text.contains("no Landlock"))
    }

    @Test(arguments: ["true", "null"])
    func `otherwise what the kernel does not know is refused by name`(value: String) throws {
        let strict = everything.replacing("Effort\": false", with: "Effort\": \(value)")
        let problem = try #require(refusal(of: strict, version: 4))
        #expect(problem.kind == .unsupported)
        #expect(problem.what.contains("ioctl_dev, abstract_unix_socket, signal, log_same"))
        #expect(problem.what.contains("version 4"))
        #expect(refusal(of: strict) == nil)
    }

    @Test(arguments: [
        ("", "cut off"), ("[]", "needs an object"), ("{}", "ruleset is missing"),
        (#"{"ruleset": {}}"#, "ruleset handles nothing"),
        (#"{"ruleset": {"handledAccessFS": ["fly"]}}"#, "handledAccessFS[0] is \"fly\""),
        (#"{"ruleset": {"handledAccessIPC": []}}"#, "ruleset.handledAccessIPC is not known"),
        (#"{"ruleset": {"scoped": ["signal"]}, "rule": {}}"#, "rule is not known"),
        (#"{"ruleset": {"scoped": ["signal"]}, "rules": {"x": 1}}"#, "rules.x is not known"),
        (#"{"ruleset": {"scoped": ["signal"]}} x"#, "line 1"),
        (
            #"{"ruleset": {"handledAccessFS": ["execute"]}, "rules": {"pathBeneath": "#
                + #"[{"allowedAccess": ["refer"], "paths": ["/"]}]}}"#,
            "pathBeneath[0] allows refer, which the ruleset does not handle"
        ),
        (
            #"{"ruleset": {"handledAccessFS": ["execute"]}, "rules": {"pathBeneath": "#
                + #"[{"allowedAccess": ["execute"], "paths": ["bin"]}]}}"#, "not absolute"
        ),
        (
            #"{"ruleset": {"handledAccessFS": ["execute"]}, "rules": {"pathBeneath": "#
                + #"[{"allowedAccess": [], "paths": ["/bin"]}]}}"#, "allows nothing"
        ),
        (
            #"{"ruleset": {"handledAccessFS": ["execute"]}, "rules": {"pathBeneath": "#
                + #"[{"allowedAccess": ["execute"], "paths": ["/\u0000"]}]}}"#, "zero byte"
        ),
        (
            #"{"ruleset": {"handledAccessNet": ["bind_tcp"]}, "rules": {"netPort": "#
                + #"[{"allowedAccess": ["bind_tcp"], "ports": [65536]}]}}"#, "ports[0]"
        ),
        (
            #"{"ruleset": {"handledAccessNet": ["bind_tcp"]}, "rules": {"netPort": "#
                + #"[{"allowedAccess": ["bind_tcp"]}]}}"#, "has no ports"
        ),
    ])
    func `a text that is wrong is refused`(text: String, complaint: String) throws {
        let problem = try #require(refusal(of: text))
        #expect(problem.kind == .invalid)
        #expect("\(problem)".contains(complaint), "\(problem)")
        #expect("\(problem)".contains("org.kade.landlock"), "\(problem)")
    }

    @Test func `without no_new_privs the program needs CAP_SYS_ADMIN`() throws {
        let text = #"{"ruleset": {"scoped": ["signal"]}}"#
        let problem = try #require(refusal(of: text, noNewPrivileges: false))
        #expect(problem.kind == .denied)
        #expect(problem.fix?.contains("noNewPrivileges") == true)
        let plan = try plan(text, noNewPrivileges: false, capabilities: ["CAP_SYS_ADMIN"])
        #expect(plan.restriction.count == 1)
    }

    @Test func `the restriction comes last but for the filter, which need not allow it`() throws {
        var spec = RuntimeSpec(ociVersion: "1.2.0")
        spec.process = RuntimeSpec.Process(args: ["true"], env: ["HOME=/"], cwd: "/")
        spec.process?.noNewPrivileges = true
        spec.root = RuntimeSpec.Root(path: "rootfs")
        spec.linux = RuntimeSpec.Linux(namespaces: [.init(type: .pid), .init(type: .mount)])
        spec.linux?.seccomp = .init(defaultAction: .errno)
        spec.hooks = .init(startContainer: [.init(path: "/bin/true")])
        spec.annotations[LandlockPlan.annotation] = #"{"ruleset": {"scoped": ["signal"]}}"#
        var host = HostFacts()
        host.landlockVersion = 6
        let plan = try ContainerPlan(
            spec: spec, bundle: "/b", host: host,
            options: PlanOptions(containerID: "web", start: .handshake))
        #expect(
            plan.steps(in: .launch).map { "\(type(of: $0))" }
                == ["Await", "RunHook", "RestrictByLandlock", "LoadSeccompFilter"])
        let enter = plan.steps(in: .enter).map { "\(type(of: $0))" }
        let ruleset = try #require(enter.firstIndex(of: "MakeLandlockRuleset"))
        #expect(ruleset < (enter.firstIndex(of: "SetIdentity") ?? 0))
    }
}
