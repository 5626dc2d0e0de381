import OCI
import Testing

/// A specification that is refused, and what is said of it.
struct RefusedSpec: Sendable, CustomTestStringConvertible {
    var testDescription: String { complaint }
    var complaint: String
    var change: @Sendable (inout RuntimeSpec) -> Void

    init(_ complaint: String, _ change: @escaping @Sendable (inout RuntimeSpec) -> Void) {
        self.complaint = complaint
        self.change = change
    }

    static let all: [RefusedSpec] = [
        .init("ociVersion is 2.0.0") { $0.ociVersion = "2.0.0" },
        .init("the annotation run.oci.handler is wasm") {
            $0.annotations["run.oci.handler"] = "wasm"
        },
        .init("vm is set") { $0.vm = .init(kernel: .init(path: "/boot/vmlinuz")) },
        .init("invalid rootfs") { $0.root?.path = "nothing" },
        .init("sets RLIMIT_NOFILE a second time") {
            $0.process?.rlimits = Array(
                repeating: .init(type: .openFiles, hard: 200, soft: 100), count: 2)
        },
        .init("lists a second network namespace") {
            $0.linux?.namespaces.append(.init(type: .network))
        },
        .init("is set without a time namespace") {
            $0.linux?.timeOffsets = ["boottime": .init(secs: 1)]
        },
        .init("belongs to no namespace") { $0.linux?.sysctl = ["vm.swappiness": "1"] },
        .init("cannot set the memory policy MPOL_LOCAL") {
            $0.linux?.memoryPolicy = .init(mode: .local, nodes: "0")
        },
        .init("the host has no network device nothere0") {
            $0.linux?.netDevices = ["nothere0": .init()]
        },
        .init("without a network namespace to move devices into") {
            $0.linux?.namespaces.removeAll { $0.type == .network }
            $0.linux?.netDevices = ["nothere0": .init()]
        },
        .init("no resctrl file system is mounted") {
            $0.linux?.intelRdt = .init(l3CacheSchema: "L3:0=f")
        },
        .init("has the net_cls controller") {
            $0.linux?.resources = .init(network: .init(classID: 7))
        },
        .init("has the rdma controller") {
            $0.linux?.resources = .init(rdma: ["mlx5_0": .init(hcaHandles: 1)])
        },
        .init("the memory controller of this machine is not in a version 2 hierarchy") {
            $0.linux?.resources = .init(unified: ["memory.high": "1"])
        },
        .init("has the net_prio controller") {
            $0.linux?.resources = .init(
                network: .init(priorities: [.init(name: "lo", priority: 1)]))
        },
        .init("cannot set linux.resources.blockIO.throttleReadBpsDevice") {
            $0.linux?.resources = .init(
                blockIO: .init(
                    throttleReadBpsDevice: [.init(major: 240, minor: 9, rate: 1)]))
        },
        .init("cannot set the SELinux label some_t") { $0.process?.selinuxLabel = "some_t" },
        .init("nonsense") {
            $0.mounts.append(.init(destination: "/home", type: "tmpfs", options: ["nonsense"]))
        },
        .init("it is the container's root, which is root.path") {
            $0.mounts.append(.init(destination: "/home/..", type: "tmpfs", source: "tmpfs"))
        },
        .init("neither the mount nor the container has uidMappings") {
            $0.mounts.append(
                .init(destination: "/home", source: "/usr", options: ["bind", "idmap"]))
        },
        .init("linux.resources.cpu.realtimeRuntime") {
            $0.linux?.resources = .init(cpu: .init(realtimeRuntime: 950_000, realtimePeriod: 10))
        },
        .init("must not have \"..\" in it") { $0.linux?.cgroupsPath = "/../../x" },
        .init("SCHED_ISO") { $0.process?.scheduler = .init(policy: .iso) },
    ]
}
