import Diagnostics
import Linux
import OCI
import Testing

@testable import ContainerRuntime

@Suite struct CPULimitTests {
    private func plan(
        _ cpu: RuntimeSpec.CPU, _ version: CgroupVersion
    ) throws(Problem) -> [String] {
        commands(
            try CPUSet.steps(for: cpu, in: .web(version))
                + CPULimit.steps(for: cpu, in: .web(version)))
    }

    @Test(
        arguments: [
            (2, 1), (3, 2), (256, 35), (512, 59), (1024, 100), (2048, 174), (65536, 3023),
            (262_143, 10000), (262_144, 10000), (1_000_000, 10000),
        ] as [(UInt64, UInt64)])
    func `shares become a weight on the curve through 1, 100 and 10000`(
        shares: UInt64, weight: UInt64
    ) {
        #expect(CPULimit.weight(ofShares: shares) == weight)
    }

    @Test func `the weight rises with the shares`() {
        let weights = (2...262_144).lazy.filter { $0 % 61 == 0 }.map {
            CPULimit.weight(ofShares: UInt64($0))
        }
        #expect(zip(weights, weights.dropFirst()).allSatisfy { $0 <= $1 })
    }

    @Test func `version 1 has a file for each number`() throws {
        let cpu = RuntimeSpec.CPU(
            shares: 512, quota: 50000, burst: 1000, period: 100_000, cpus: "0-1", mems: "0", idle: 0
        )
        #expect(
            try plan(cpu, .v1) == [
                "echo 0-1 > cpuset.cpus", "echo 0 > cpuset.mems", "echo 512 > cpu.shares",
                "echo 0 > cpu.idle", "echo 100000 > cpu.cfs_period_us",
                "echo 50000 > cpu.cfs_quota_us", "echo 1000 > cpu.cfs_burst_us",
            ])
    }

    @Test func `version 2 writes quota and period together`() throws {
        #expect(try plan(.init(quota: 50000), .v2) == ["echo 50000 100000 > cpu.max"])
        #expect(try plan(.init(quota: -1, period: 50000), .v2) == ["echo max 50000 > cpu.max"])
        #expect(try plan(.init(period: 50000), .v2) == ["echo max 50000 > cpu.max"])
        #expect(
            try plan(.init(shares: 1024, quota: 1000, burst: 500, cpus: "0", idle: 1), .v2) == [
                "echo 0 > cpuset.cpus", "echo 100 > cpu.weight", "echo 1 > cpu.idle",
                "echo 1000 100000 > cpu.max", "echo 500 > cpu.max.burst",
            ])
    }

    @Test func `realtime exists in version 1 only`() throws {
        #expect(
            try plan(.init(realtimeRuntime: 10, realtimePeriod: 20), .v1) == [
                "echo 20 > cpu.rt_period_us", "echo 10 > cpu.rt_runtime_us",
            ])
        #expect(throws: Problem.self) { try plan(.init(realtimeRuntime: 10), .v2) }
    }

    @Test(arguments: CgroupVersion.allCases)
    func `0 and empty texts are not written`(version: CgroupVersion) throws {
        let cpu = RuntimeSpec.CPU(shares: 0, quota: 0, period: 0, cpus: "", mems: "")
        #expect(try plan(cpu, version).isEmpty)
    }
}
