import Diagnostics
import Linux
import OCI
import SystemPackage
import Testing

@testable import ContainerRuntime

@Suite struct ContainerPlanTests {
    private func plan(
        host: HostFacts = HostFacts(), start: PlanOptions.StartSignal = .handshake,
        _ change: (inout RuntimeSpec) -> Void = { _ in }
    ) throws(Problem) -> ContainerPlan {
        var spec = RuntimeSpec(ociVersion: "1.2.0")
        spec.process = RuntimeSpec.Process(args: ["true"], env: ["HOME=/"], cwd: "/")
        spec.root = RuntimeSpec.Root(path: "rootfs")
        spec.linux = RuntimeSpec.Linux(namespaces: [.init(type: .pid), .init(type: .mount)])
        change(&spec)
        return try ContainerPlan(
            spec: spec, bundle: "/b", host: host,
            options: PlanOptions(containerID: "web", start: start))
    }

    private func names(_ plan: ContainerPlan, _ phase: SetupPhase) -> [String] {
        plan.steps(in: phase).map { "\(type(of: $0))" }
    }

    @Test func `the program's identity comes after everything that takes root`() throws {
        let steps = names(
            try plan {
                $0.process?.noNewPrivileges = true
                $0.process?.user = .init(uid: 1000, gid: 1000)
                $0.hostname = "web"
                $0.linux?.namespaces.append(.init(type: .uts))
            }, .enter)
        #expect(
            steps == [
                "EnterRootfs", "SetHostname", "EnterWorkingDirectory", "ForbidNewPrivileges",
                "DropBoundingSet", "OwnStreams", "SetIdentity", "CheckWorkingDirectory",
                "ApplyCapabilities", "FindProgram", "Reach",
            ])
    }

    @Test func `a limit of few open files is set when nothing is opened any more`() throws {
        let plan = try plan {
            $0.process?.rlimits = [
                .init(type: .openFiles, hard: 20, soft: 10),
                .init(type: .processes, hard: 20, soft: 10),
            ]
        }
        let limits = plan.steps(in: .enter).map(\.explanation.shell).filter {
            $0.hasPrefix("prlimit")
        }
        #expect(
            limits == [
                "prlimit --pid $pid --nofile=64:64", "prlimit --pid $pid --nproc=10:20",
                "prlimit --pid $pid --nofile=10:20",
            ])
        #expect(names(plan, .enter).suffix(3) == ["FindProgram", "SetResourceLimit", "Reach"])
        let wide = try self.plan {
            $0.process?.rlimits = [.init(type: .openFiles, hard: 300, soft: 200)]
        }
        #expect(names(wide, .enter).count { $0 == "SetResourceLimit" } == 1)
    }

    @Test func `a new user namespace is mapped by the runtime while init waits`() throws {
        let plan = try plan {
            $0.linux?.namespaces.append(.init(type: .user))
            $0.linux?.uidMappings = [.init(containerID: 0, hostID: 1000, size: 10)]
            $0.linux?.gidMappings = [.init(containerID: 0, hostID: 1000, size: 10)]
        }
        #expect(names(plan, .attend).prefix(3) == ["WriteIDMap", "WriteIDMap", "Reach"])
        let settle = names(plan, .settle)
        let become = try #require(settle.firstIndex(of: "BecomeNamespaceRoot"))
        // The rootfs is opened by who started it: its directories may be closed to the new root.
        #expect(settle[(become - 2)..<become] == ["Await", "OpenRootfs"])
        let mount = try #require(settle.firstIndex(of: "BindRootfs"))
        #expect(become < mount)
    }

    @Test func `hooks run where and when the specification says`() throws {
        let hook = RuntimeSpec.Hook(path: "/bin/true")
        let plan = try plan {
            $0.hooks = RuntimeSpec.Hooks(
                prestart: [hook], createRuntime: [hook], createContainer: [hook],
                startContainer: [hook])
        }
        #expect(names(plan, .hooks) == ["Await", "RunHook", "RunHook", "Reach", "Await"])
        #expect(names(plan, .settle).last == "Reach")
        #expect(names(plan, .enter).prefix(3) == ["Await", "RunHook", "EnterRootfs"])
        #expect(names(plan, .launch) == ["Await", "RunHook"])
    }

    @Test func `init waits for the runtime only where that has something to do`() throws {
        let host = HostFacts(cgroups: .version2)
        let alone = try plan(host: host)
        #expect(names(alone, .attend).isEmpty)
        #expect(!names(alone, .settle).contains("Await"))
        let beside = try plan(host: host) { $0.process?.oomScoreAdj = 100 }
        #expect(names(beside, .attend) == ["SetOOMScore", "Reach"])
        #expect(names(beside, .settle).contains("Await"))
    }

    @Test func `a container that another process starts has a fifo`() throws {
        let plan = try plan(start: .fifo("/run/x/exec.fifo"))
        #expect(names(plan, .prepare).first == "MakeStartFifo")
        #expect(names(plan, .settle).contains("OpenStartFifo"))
        #expect(names(plan, .launch) == ["AwaitStartFifo"])
    }

    @Test func `a cgroup namespace is made once init is in its cgroup`() throws {
        let plan = try plan {
            $0.process?.oomScoreAdj = 1  // for which init waits
            $0.linux?.namespaces.append(.init(type: .cgroup))
            $0.mounts = [
                .init(destination: "/proc", type: "proc", source: "proc"),
                .init(destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup"),
            ]
        }
        let settle = names(plan, .settle)
        let unshare = try #require(settle.firstIndex(of: "UnshareCgroupNamespace"))
        #expect(settle[unshare - 1] == "Await")
        #expect(settle[unshare + 1] == "ForbidInspection")
        #expect(settle[unshare + 2] == "MakeMount")
        #expect(settle[unshare - 2] == "MakeMount")
    }

    @Test func `cgroups of version 1 are made while init mounts, and hold before it fills memory`()
        throws
    {
        let plan = try plan(host: HostFacts(cgroups: .version1)) {
            $0.mounts = [
                .init(destination: "/proc", type: "proc", source: "proc"),
                .init(
                    destination: "/var", type: "tmpfs", source: "tmpfs", options: ["tmpcopyup"]),
            ]
            $0.linux?.resources = .init(memory: .init(limit: 5))
        }
        #expect(names(plan, .prepare).isEmpty)
        #expect(names(plan, .attend).first == "MakeCgroup")
        #expect(names(plan, .attend).last == "Reach")
        let settle = names(plan, .settle)
        let enter = try #require(settle.firstIndex(of: "EnterCgroup"))
        #expect(settle[enter - 1] == "Await")
        #expect(settle[enter...].prefix(3) == ["EnterCgroup", "ForbidInspection", "MakeMount"])
    }

    @Test func `on version 2 the cgroup is there before init`() throws {
        let plan = try plan(host: HostFacts(cgroups: .version2))
        #expect(names(plan, .prepare).first == "MakeCgroup")
        #expect(names(plan, .attend).isEmpty)
    }

    @Test func `a filter comes last with no_new_privs, and before the identity without`() throws {
        let filter = RuntimeSpec.Seccomp(defaultAction: .allow)
        let late = try plan {
            $0.process?.noNewPrivileges = true
            $0.linux?.seccomp = filter
        }
        #expect(names(late, .launch).last == "LoadSeccompFilter")
        let early = try plan { $0.linux?.seccomp = filter }
        let steps = names(early, .enter)
        let load = try #require(steps.firstIndex(of: "LoadSeccompFilter"))
        let identity = try #require(steps.firstIndex(of: "DropBoundingSet"))
        #expect(load < identity)
    }

    @Test func `an AppArmor profile is set where the machine has AppArmor, else a warning`() throws
    {
        let profile: (inout RuntimeSpec) -> Void = { $0.process?.apparmorProfile = "web" }
        #expect(names(try plan(profile), .enter).contains("WarnStep"))
        let host = HostFacts(isAppArmorEnabled: true)
        #expect(names(try plan(host: host, profile), .enter).contains("SetSecurityLabel"))
    }

    @Test func `without a process there is no program to find`() throws {
        let steps = names(try plan { $0.process = nil }, .enter)
        #expect(!steps.contains("FindProgram"))
        #expect(steps.contains("ApplyCapabilities"))
    }

    @Test func `the text numbers the steps and names who runs them`() throws {
        let text = try plan().text
        #expect(text.contains("# prepare: runtime\n1. "))
        #expect(text.contains("# enter: init\n"))
        #expect(text.contains("pivot_root"))
    }
}
