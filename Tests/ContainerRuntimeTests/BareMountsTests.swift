import OCI
import SystemPackage
import Testing

@testable import ContainerRuntime

@Suite struct BareMountsTests {
    private static let bundle: FilePath = "/bundle"

    private func spec(_ change: (inout RuntimeSpec) -> Void) -> RuntimeSpec {
        var spec = RuntimeSpec(ociVersion: "1.3.0")
        spec.root = .init(path: "rootfs")
        spec.linux = .init(namespaces: [.init(type: .mount), .init(type: .pid)])
        spec.mounts = [
            .init(destination: "/proc", type: "proc", source: "proc"),
            .init(destination: "/data", type: "bind", source: "/srv", options: ["rbind"]),
        ]
        change(&spec)
        return spec
    }

    private func areEnough(_ change: (inout RuntimeSpec) -> Void, isUnified: Bool = true) -> Bool {
        BareMounts.areEnough(for: spec(change), bundle: Self.bundle, isUnified: isUnified)
    }

    @Test func `an ordinary container needs no copy of the host's mounts`() {
        #expect(areEnough { _ in })
        #expect(areEnough { $0.linux?.rootfsPropagation = .rprivate })
        #expect(areEnough { $0.hooks = .init(startContainer: [.init(path: "/bin/true")]) })
    }

    @Test func `a container whose paths or rights depend on the host's mounts gets the copy`() {
        #expect(!areEnough { $0.linux?.namespaces = [] })
        #expect(!areEnough { $0.linux?.namespaces[0].path = "/proc/1/ns/mnt" })
        #expect(!areEnough { $0.linux?.namespaces.append(.init(type: .user)) })
        #expect(!areEnough { $0.linux?.rootfsPropagation = .rshared })
        #expect(!areEnough { $0.linux?.rootfsPropagation = .slave })
        #expect(!areEnough { $0.hooks = .init(prestart: [.init(path: "/bin/true")]) })
        #expect(!areEnough { $0.hooks = .init(createRuntime: [.init(path: "/bin/true")]) })
        #expect(!areEnough { $0.hooks = .init(createContainer: [.init(path: "/bin/true")]) })
        #expect(!areEnough { $0.mounts[0].type = "overlay" })
        #expect(!areEnough { $0.mounts[1].source = "rootfs/etc" })
    }

    @Test func `cgroups are binds of the host's, but for version 2 in a namespace of its own`() {
        let mounted: (inout RuntimeSpec) -> Void = {
            $0.mounts.append(.init(destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup"))
        }
        let own: (inout RuntimeSpec) -> Void = {
            mounted(&$0)
            $0.linux?.namespaces.append(.init(type: .cgroup))
        }
        #expect(areEnough(own, isUnified: true))
        #expect(!areEnough(mounted, isUnified: true))
        #expect(!areEnough(own, isUnified: false))
    }

    @Test func `trees are cloned before the host's mounts are left, and mounts made after`() throws
    {
        var options = PlanOptions(containerID: "web", start: .handshake)
        options.leavesHostMounts = true
        let plan = try ContainerPlan(
            spec: spec { $0.process = .init(args: ["true"], cwd: "/") }, bundle: Self.bundle,
            host: HostFacts(), options: options)
        let steps = plan.steps(in: .settle).filter {
            $0 is CloneTree || $0 is EnterBareMounts || $0 is MakeMount
                || $0 is SetRootPropagation || $0 is BindRootfs
        }
        #expect(
            steps.map { "\(type(of: $0))" }
                == ["CloneTree", "CloneTree", "EnterBareMounts", "MakeMount", "MakeMount"])
        #expect(plan.leavesHostMounts)
    }
}
