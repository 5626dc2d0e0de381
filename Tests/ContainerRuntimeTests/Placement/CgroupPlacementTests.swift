import Diagnostics
import Linux
import OCI
import SystemPackage
import Testing

@testable import ContainerRuntime

@Suite struct CgroupPlacementTests {
    private let version1 = HostFacts(cgroups: .version1)
    private let version2 = HostFacts(cgroups: .version2)

    @Test(arguments: [
        ("/kade/web", "/kade/web"), ("", "/id"), ("kade/web", "/kade/web"),
        ("//kade/./web/", "/kade/web"), ("/a:b:c", "/a:b:c"),
    ])
    func `a path counts from the root`(specified: String, path: String) throws {
        #expect(try CgroupPlacement.path(from: specified, containerID: "id") == path)
    }

    @Test(arguments: ["/kade/../../etc", "..", "/", "/."])
    func `a path that leaves the tree or is its root is refused`(specified: String) {
        let problem = #expect(throws: Problem.self) {
            try CgroupPlacement.path(from: specified, containerID: "id")
        }
        #expect(problem?.kind == .invalid)
    }

    @Test func `a systemd slice needs systemd`() {
        let problem = #expect(throws: Problem.self) {
            try CgroupPlacement.path(from: "user.slice:kade:web", containerID: "id")
        }
        #expect(problem?.kind == .unsupported)
    }

    @Test func `on version 2 the container is born into its cgroup`() throws {
        let placement = try CgroupPlacement(
            for: .init(resources: .init(memory: .init(limit: 5)), cgroupsPath: "/kade/web"),
            containerID: "id", on: version2)
        #expect(placement.isBornIntoCgroup)
        #expect(try placement.attendSteps(annotations: [:]).isEmpty)
        let shell = try placement.prepareSteps().map(\.explanation.shell)
        #expect(
            shell.first == """
                echo +memory +cpu +pids +io > /sys/fs/cgroup/kade/cgroup.subtree_control; \
                mkdir -p /sys/fs/cgroup/kade/web
                """)
        #expect(shell.last == "echo 5 > /sys/fs/cgroup/kade/web/memory.max")
        #expect(shell[1].hasPrefix("bpftool cgroup attach /sys/fs/cgroup/kade/web device"))
    }

    @Test func `before Linux 5,7 the container is moved into its cgroup`() throws {
        let old = HostFacts(kernel: KernelVersion(major: 5, minor: 6), cgroups: .version2)
        let placement = try CgroupPlacement(for: nil, containerID: "id", on: old)
        #expect(!placement.isBornIntoCgroup)
        #expect(
            try placement.attendSteps(annotations: [:]).map(\.explanation.shell) == [
                "echo $PID | tee /sys/fs/cgroup/id/cgroup.procs"
            ])
    }

    @Test func `on version 1 the container enters every hierarchy, systemd's too`() throws {
        let placement = try CgroupPlacement(for: nil, containerID: "id", on: version1)
        #expect(try placement.attendSteps(annotations: [:]).isEmpty)
        let enter = try #require(placement.settleSteps().first?.explanation.shell)
        #expect(enter.contains("/sys/fs/cgroup/memory/id/tasks"))
        #expect(enter.contains("/sys/fs/cgroup/systemd/id/tasks"))
    }

    @Test func `on version 1 a container with users of its own is moved in every hierarchy`() throws
    {
        let users = RuntimeSpec.Linux(namespaces: [.init(type: .user)])
        let placement = try CgroupPlacement(for: users, containerID: "id", on: version1)
        #expect(placement.settleSteps().isEmpty)
        let join = try #require(placement.attendSteps(annotations: [:]).first?.explanation.shell)
        #expect(join.contains("/sys/fs/cgroup/memory/id/cgroup.procs"))
        #expect(join.contains("/sys/fs/cgroup/systemd/id/cgroup.procs"))
        #expect(join.contains("/sys/fs/cgroup/cpu,cpuacct/id/cgroup.procs"))
    }

    @Test(arguments: [
        (nil, "/user.slice/one/id"), ("group", "/user.slice/one/group"), ("/group", "/group"),
    ])
    func `an ordinary user's cgroup is beside the runtime's own on version 2`(
        specified: String?, path: String
    ) throws {
        let unified = CgroupLayout.Hierarchy(
            kind: .unified([.memory]), mountPoint: "/sys/fs/cgroup",
            ownPath: "/user.slice/one/shell")
        var user = HostFacts(effectiveUserID: 1000, effectiveCapabilities: 0)
        user.cgroups = CgroupLayout(hierarchies: [unified])
        let linux = RuntimeSpec.Linux(cgroupsPath: specified)
        #expect(try CgroupPlacement(for: linux, containerID: "id", on: user).cgroup.path == path)
        user.effectiveCapabilities = .max
        let root = try CgroupPlacement(for: linux, containerID: "id", on: user)
        #expect(root.cgroup.path == "/" + (path.split(separator: "/").last ?? ""))
    }

    @Test func `an ordinary user's container without limits may do without a cgroup`() throws {
        let user = HostFacts(effectiveUserID: 1000, effectiveCapabilities: 0)
        let steps = try CgroupPlacement(for: nil, containerID: "id", on: user).prepareSteps()
        #expect(steps.count == 1)
        #expect((steps.first as? MakeCgroup)?.isOptional == true)
    }

    @Test(arguments: [(1000 as UInt32, 0 as UInt64), (0, .max)])
    func `the caller may decide whether a container does without a cgroup`(
        user: UInt32, capabilities: UInt64
    ) throws {
        var host = HostFacts(effectiveUserID: user, effectiveCapabilities: capabilities)
        func isOptional(_ linux: RuntimeSpec.Linux?) throws -> Bool? {
            let steps = try CgroupPlacement(for: linux, containerID: "id", on: host).prepareSteps()
            return (steps.first as? MakeCgroup)?.isOptional
        }
        host.mayLackCgroup = true
        #expect(try isOptional(nil) == true)
        // What is asked for by name, or to limit, is not left out.
        #expect(try isOptional(.init(cgroupsPath: "/group")) == false)
        #expect(try isOptional(.init(resources: .init(pids: .init(limit: 5)))) == false)
        host.mayLackCgroup = false
        #expect(try isOptional(nil) == false)
    }
}
