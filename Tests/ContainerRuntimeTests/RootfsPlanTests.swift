import Diagnostics
import Linux
import OCI
import SystemPackage
import Testing

@testable import ContainerRuntime

@Suite struct RootfsPlanTests {
    /// The explanations' shell lines of a phase.
    private func lines(
        _ spec: RuntimeSpec, host: HostFacts = HostFacts(), cgroup: Cgroup? = nil,
        _ phase: KeyPath<RootfsPlan, [any SetupStep]>
    ) throws(Problem) -> [String] {
        let plan = try RootfsPlan(
            RootfsPlan.Input(
                spec: spec, bundle: "/b", rootfs: "/b/rootfs", cgroup: cgroup, host: host,
                usesPivotRoot: true))
        return plan[keyPath: phase].map(\.explanation.shell)
    }

    private func spec(
        _ mounts: [RuntimeSpec.Mount] = [], linux: RuntimeSpec.Linux = RuntimeSpec.Linux(),
        readonly: Bool = false
    ) -> RuntimeSpec {
        var linux = linux
        linux.namespaces.append(.init(type: .mount))
        return RuntimeSpec(
            ociVersion: "1.2.0", root: .init(path: "rootfs", readonly: readonly), mounts: mounts,
            linux: linux)
    }

    @Test func `mounts come in the order of the spec, between the root and the devices`() throws {
        let spec = spec([
            .init(destination: "/proc", type: "proc", source: "proc"),
            .init(
                destination: "/dev", type: "tmpfs", source: "tmpfs",
                options: ["nosuid", "strictatime", "mode=755", "size=65536k"]),
            .init(destination: "data/../data", source: "vol", options: ["rbind", "ro", "rslave"]),
        ])
        let lines = try lines(spec, \.settle)
        #expect(
            lines.prefix(5) == [
                "mount --make-rslave /", "mount --rbind /b/rootfs /b/rootfs",
                "mount -t proc proc /b/rootfs/proc",
                "mount -t tmpfs -o nosuid,strictatime,mode=755,size=65536k tmpfs /b/rootfs/dev",
                "mount --rbind /b/vol /b/rootfs/data; mount -o remount,bind,ro /b/rootfs/data; "
                    + "mount --make-rslave /b/rootfs/data",
            ])
        #expect(lines[5].hasPrefix("mknod -m 666 /b/rootfs/dev/null c 1 3; "))
        #expect(lines[6].contains("ln -sf pts/ptmx /b/rootfs/dev/ptmx"))
    }

    @Test func `without a mount namespace all is mounted beneath one mount, for one unmount`()
        throws
    {
        let spec = RuntimeSpec(ociVersion: "1.2.0", root: .init(path: "rootfs"))
        #expect(
            try lines(spec, \.prepare) == ["mount --rbind --make-rprivate /b/rootfs /b/rootfs"])
        #expect(try lines(spec, \.settle).allSatisfy { !$0.contains("--make-rslave") })
        #expect(try lines(spec, \.enter) == ["chroot /b/rootfs"])
    }

    @Test func `what the host's /dev brings is not made again`() throws {
        let spec = spec([.init(destination: "/dev", source: "/dev", options: ["rbind"])])
        #expect(try lines(spec, \.settle).count == 3)
    }

    @Test func `a device of the spec takes a default's place`() throws {
        let device = RuntimeSpec.Device(
            path: "/dev/null", type: .character, major: 1, minor: 3, fileMode: 0o600)
        let lines = try lines(spec(linux: .init(devices: [device])), \.settle)
        #expect(!lines[2].contains("/dev/null"))
        #expect(lines[3] == "mknod -m 600 /b/rootfs/dev/null c 1 3")
    }

    @Test func `in a user namespace devices are bound and sources are prepared`() throws {
        let mapping = RuntimeSpec.IDMapping(containerID: 0, hostID: 100_000, size: 65536)
        let linux = RuntimeSpec.Linux(
            uidMappings: [mapping], gidMappings: [mapping], namespaces: [.init(type: .user)])
        let mount = RuntimeSpec.Mount(destination: "/data", source: "/vol", options: ["bind"])
        let spec = spec([mount], linux: linux)
        #expect(try lines(spec, \.prepare) == ["exec {source}</vol"])
        #expect(
            try lines(spec, \.settle)[3].hasPrefix(
                "touch /b/rootfs/dev/null; mount --bind /dev/null /b/rootfs/dev/null"))
    }

    @Test func `a label of mounts is theirs with SELinux, and a warning without`() throws {
        let mount = RuntimeSpec.Mount(destination: "/t", type: "tmpfs", source: "tmpfs")
        let spec = spec([mount], linux: .init(mountLabel: "system_u:object_r:some_t:s0"))
        let plan = { (host: HostFacts) in
            try RootfsPlan(
                RootfsPlan.Input(
                    spec: spec, bundle: "/b", rootfs: "/b/rootfs", cgroup: nil, host: host,
                    usesPivotRoot: true))
        }
        let warning = try #require(try plan(HostFacts()).settle.last as? WarnStep)
        #expect(warning.text.contains("no SELinux"))
        var host = HostFacts()
        host.isSELinuxEnabled = true
        #expect(try plan(host).settle.last is LinkDevices)
    }

    @Test func `without CAP_MKNOD devices are bound`() throws {
        var host = HostFacts()
        host.effectiveCapabilities = ~(1 << 27)
        #expect(try lines(spec(), host: host, \.settle)[2].hasPrefix("touch /b/rootfs/dev/null"))
    }

    @Test func `what is read-only or hidden comes last`() throws {
        let linux = RuntimeSpec.Linux(maskedPaths: ["/proc/kcore"], readonlyPaths: ["/proc/sys"])
        let spec = spec(
            [.init(destination: "/dev", type: "tmpfs", options: ["ro", "mode=755"])],
            linux: linux, readonly: true)
        let lines = try lines(spec, \.seal)
        #expect(lines[0] == "mount -o remount,bind,ro /dev")
        #expect(lines[1] == "mount -o remount,bind,ro /")
        #expect(lines[2].contains("/proc/sys"))
        #expect(lines[3].contains("/dev/null $p"))
    }

    @Test func `cgroups of version 1 are one directory for each hierarchy`() throws {
        var host = HostFacts()
        host.cgroups = .version1
        let mount = RuntimeSpec.Mount(
            destination: "/sys/fs/cgroup", type: "cgroup", options: ["nosuid", "ro"])
        let cgroup = Cgroup(layout: .version1, path: "/kade/c")
        let line = try lines(spec([mount]), host: host, cgroup: cgroup, \.settle)[2]
        #expect(line.hasPrefix("mount -t tmpfs -o mode=755 cgroup /b/rootfs/sys/fs/cgroup; "))
        #expect(
            line.contains(
                "mount --bind /sys/fs/cgroup/memory/kade/c /b/rootfs/sys/fs/cgroup/memory"))
        #expect(line.hasSuffix("mount -o remount,ro /b/rootfs/sys/fs/cgroup"))
    }

    @Test func `cgroups of version 2 are one file system`() throws {
        let mount = RuntimeSpec.Mount(
            destination: "/sys/fs/cgroup", type: "cgroup", options: ["nosuid", "ro"])
        // Without a cgroup namespace a new mount would change the options of the machine's.
        #expect(
            try lines(spec([mount]), \.settle)[2]
                == "mount --rbind /sys/fs/cgroup /b/rootfs/sys/fs/cgroup;"
                + " mount -o remount,bind,ro,nosuid /b/rootfs/sys/fs/cgroup")
        var own = spec([mount])
        own.linux?.namespaces.append(.init(type: .cgroup))
        #expect(
            try lines(own, \.settle)[2]
                == "mount -t cgroup2 -o ro,nosuid cgroup /b/rootfs/sys/fs/cgroup")
    }

    @Test func `mapped owners need maps and the host's rights`() throws {
        let mount = RuntimeSpec.Mount(
            destination: "/data", source: "/vol", options: ["bind", "idmap"])
        let withoutMaps = #expect(throws: Problem.self) { try lines(spec([mount]), \.prepare) }
        #expect(withoutMaps?.kind == .invalid)
        var mapped = mount
        mapped.uidMappings = [.init(containerID: 0, hostID: 5, size: 1)]
        let onlyUsers = #expect(throws: Problem.self) { try lines(spec([mapped]), \.prepare) }
        #expect(onlyUsers?.kind == .invalid)
        mapped.gidMappings = [.init(containerID: 0, hostID: 6, size: 1)]
        #expect(
            try lines(spec([mapped]), \.prepare) == [
                "mount --bind -o X-mount.idmap='u:0:5:1 g:0:6:1' /vol $source"
            ])
        var host = HostFacts()
        host.isInInitialUserNamespace = false
        let rootless = #expect(throws: Problem.self) {
            try lines(spec([mapped]), host: host, \.prepare)
        }
        #expect(rootless?.kind == .denied)
    }

    @Test func `a mount without type or source is refused by name`() {
        let noType = RuntimeSpec.Mount(destination: "/x", source: "y")
        let problem = #expect(throws: Problem.self) { try lines(spec([noType]), \.settle) }
        #expect(problem?.what == "cannot mount /x")
        let noSource = RuntimeSpec.Mount(destination: "/x", options: ["bind"])
        #expect(throws: Problem.self) { try lines(spec([noSource]), \.settle) }
    }

    @Test func `the mount points of proc and sysfs are found`() {
        let table = MountTable(
            parsing: """
                22 1 0:20 / /proc rw,relatime shared:5 - proc proc rw
                23 1 0:21 / /my\\040sys rw - sysfs sysfs rw
                24 1 0:22 / /dev rw - devtmpfs devtmpfs rw
                """)
        #expect(HostMounts.kernelFileSystems(in: table) == ["/proc", "/my sys"])
    }
}
