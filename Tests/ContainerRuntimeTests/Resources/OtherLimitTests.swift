import Diagnostics
import Linux
import OCI
import SystemPackage
import Testing

@testable import ContainerRuntime

@Suite struct OtherLimitTests {
    @Test(
        arguments: [(100, "100"), (1, "1"), (0, "1"), (-1, "max")] as [(Int64, String)],
        CgroupVersion.allCases)
    func `a limit of processes is pids.max`(
        limit: (Int64, String), version: CgroupVersion
    ) throws {
        let steps = try PIDsLimit.steps(for: .init(limit: limit.0), in: .web(version))
        #expect(commands(steps) == ["echo \(limit.1) > pids.max"])
    }

    @Test(arguments: [
        (
            CgroupVersion.v1,
            [
                "echo 8:0 1048576 > blkio.throttle.read_bps_device",
                "echo 8:16 0 > blkio.throttle.write_bps_device",
                "echo 8:0 100 > blkio.throttle.read_iops_device",
                "echo 8:0 200 > blkio.throttle.write_iops_device",
            ]
        ),
        (
            .v2,
            [
                "echo 8:0 rbps=1048576 > io.max", "echo 8:16 wbps=max > io.max",
                "echo 8:0 riops=100 > io.max", "echo 8:0 wiops=200 > io.max",
            ]
        ),
    ])
    func `speed limits of block devices`(version: CgroupVersion, expected: [String]) throws {
        let limits = RuntimeSpec.BlockIO(
            throttleReadBpsDevice: [.init(major: 8, minor: 0, rate: 1_048_576)],
            throttleWriteBpsDevice: [.init(major: 8, minor: 16, rate: 0)],
            throttleReadIOPSDevice: [.init(major: 8, minor: 0, rate: 100)],
            throttleWriteIOPSDevice: [.init(major: 8, minor: 0, rate: 200)])
        let steps = try BlockIOLimit.steps(for: limits, in: .web(version))
        #expect(commands(steps) == expected)
    }

    @Test func `weights of block devices name every file that kernels have`() throws {
        let limits = RuntimeSpec.BlockIO(
            weight: 500, weightDevice: [.init(major: 8, minor: 0, weight: 10)])
        let old = try BlockIOLimit.steps(for: limits, in: .web(.v1))
            .compactMap { $0 as? WriteCgroupFile }.map(\.candidates)
        #expect(
            old == [
                [
                    .init(file: "blkio.weight", values: ["500"]),
                    .init(file: "blkio.bfq.weight", values: ["500"]),
                ],
                [
                    .init(file: "blkio.weight_device", values: ["8:0 10"]),
                    .init(file: "blkio.bfq.weight_device", values: ["8:0 10"]),
                ],
            ])
        let new = try BlockIOLimit.steps(for: limits, in: .web(.v2))
            .compactMap { $0 as? WriteCgroupFile }.map(\.candidates)
        #expect(
            new == [
                [
                    .init(file: "io.bfq.weight", values: ["500"]),
                    .init(file: "io.weight", values: ["default 4950"]),
                ],
                [
                    .init(file: "io.bfq.weight", values: ["8:0 10"]),
                    .init(file: "io.weight", values: ["8:0 1"]),
                ],
            ])
        #expect(BlockIOLimit.ioWeight(ofWeight: 1000) == 10000)
        #expect(throws: Problem.self) {
            try BlockIOLimit.steps(for: .init(leafWeight: 10), in: .web(.v2))
        }
    }

    @Test(arguments: [
        (CgroupVersion.v1, ["limit_in_bytes", "rsvd.limit_in_bytes"]), (.v2, ["max", "rsvd.max"]),
    ])
    func `huge pages are limited in use and reserved`(
        version: CgroupVersion, files: [String]
    ) throws {
        let steps = try HugePagesLimit.steps(
            for: [.init(pageSize: "2MB", limit: 4_194_304)], in: .web(version))
        #expect(commands(steps) == files.map { "echo 4194304 > hugetlb.2MB.\($0)" })
    }

    @Test(arguments: ["2MiB", "MB", "0MB", "../2MB", "2 MB", ""])
    func `what is no page size is refused`(size: String) {
        #expect(throws: Problem.self) {
            try HugePagesLimit.steps(for: [.init(pageSize: size, limit: 1)], in: .web(.v2))
        }
    }

    @Test func `network classes and priorities exist in version 1 only`() throws {
        let network = RuntimeSpec.Network(
            classID: 0x10001, priorities: [.init(name: "eth0", priority: 5)])
        #expect(
            commands(try NetworkPriority.steps(for: network, in: .web(.v1))) == [
                "echo 65537 > net_cls.classid", "echo eth0 5 > net_prio.ifpriomap",
            ])
        #expect(throws: Problem.self) {
            try NetworkPriority.steps(for: network, in: .web(.v2))
        }
    }

    @Test(arguments: CgroupVersion.allCases)
    func `RDMA limits name the device and what is set`(version: CgroupVersion) throws {
        let steps = try RDMALimit.steps(
            for: ["mlx5_1": .init(hcaHandles: 3), "mlx5_0": .init(hcaHandles: 1, hcaObjects: 2)],
            in: .web(version))
        #expect(
            commands(steps) == [
                "echo mlx5_0 hca_handle=1 hca_object=2 > rdma.max",
                "echo mlx5_1 hca_handle=3 > rdma.max",
            ])
    }

    @Test func `unified settings are written as they are`() throws {
        let steps = try UnifiedSettings.steps(
            for: [
                "memory.high": "1000", "cgroup.max.depth": "3",
                "io.max": "8:0 rbps=1\n8:16 rbps=2",
            ], in: .web(.v2))
        #expect(
            commands(steps) == [
                "echo 3 > cgroup.max.depth", "echo 8:0 rbps=1 > io.max",
                "echo 8:16 rbps=2 > io.max",
                "echo 1000 > memory.high",
            ])
    }

    @Test(arguments: ["../memory.max", "", ".", "a/b"])
    func `a unified setting must be a file of the cgroup`(file: String) {
        #expect(throws: Problem.self) {
            try UnifiedSettings.steps(for: [file: "1"], in: .web(.v2))
        }
    }

    @Test func `unified settings need version 2`() {
        let problem = #expect(throws: Problem.self) {
            try UnifiedSettings.steps(for: ["memory.high": "1"], in: .web(.v1))
        }
        #expect(problem?.kind == .unsupported)
    }

    @Test func `a hybrid machine has each controller where it is mounted`() throws {
        var layout = CgroupLayout.version1
        layout.hierarchies.removeAll { $0.kind == .controllers([.hugetlb]) }
        layout.hierarchies.append(
            .init(
                kind: .unified([.hugetlb]), mountPoint: "/sys/fs/cgroup/unified", ownPath: "/"))
        let cgroup = Cgroup(layout: layout, path: "/kade/web")
        let resources = RuntimeSpec.Resources(
            memory: .init(limit: 5), hugepageLimits: [.init(pageSize: "2MB", limit: 0)])
        let shell = try ResourceLimits.updateSteps(for: resources, in: cgroup)
            .map(\.explanation.shell)
        #expect(
            shell == [
                "echo 5 > /sys/fs/cgroup/memory/kade/web/memory.limit_in_bytes",
                "echo 0 > /sys/fs/cgroup/unified/kade/web/hugetlb.2MB.max",
                "echo 0 > /sys/fs/cgroup/unified/kade/web/hugetlb.2MB.rsvd.max",
            ])
        #expect(cgroup.usesUnified(requiring: [.hugetlb]))
        #expect(!cgroup.usesUnified(requiring: [.memory, .devices]))
    }
}
