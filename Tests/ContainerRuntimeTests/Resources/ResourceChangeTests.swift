import OCI
import Testing

@testable import ContainerRuntime

@Suite struct ResourceChangeTests {
    private typealias Resources = RuntimeSpec.Resources

    @Test func `what a change leaves out stays`() {
        let old = Resources(
            memory: .init(limit: 100, swap: 200, swappiness: 10), cpu: .init(shares: 5, cpus: "0"),
            pids: .init(limit: 7), hugepageLimits: [.init(pageSize: "2MB", limit: 1)],
            unified: ["memory.high": "1"])
        let new = old.changed(
            by: Resources(
                memory: .init(limit: 0, reservation: 50), cpu: .init(shares: 0, idle: 0),
                pids: .init(), hugepageLimits: [.init(pageSize: "1GB", limit: 2)],
                unified: ["cpu.weight": "3"]))
        #expect(new.memory == .init(limit: 100, reservation: 50, swap: 200, swappiness: 10))
        #expect(new.cpu == .init(shares: 5, cpus: "0", idle: 0))
        #expect(new.pids == .init(limit: 7))
        #expect(new.hugepageLimits.map(\.pageSize) == ["2MB", "1GB"])
        #expect(new.unified == ["memory.high": "1", "cpu.weight": "3"])
    }

    @Test func `devices are told apart by their numbers`() {
        let old = Resources(
            blockIO: .init(
                weightDevice: [.init(major: 8, minor: 0, weight: 10, leafWeight: 20)],
                throttleReadBpsDevice: [
                    .init(major: 8, minor: 0, rate: 1), .init(major: 8, minor: 16, rate: 2),
                ]))
        let new = old.changed(
            by: Resources(
                blockIO: .init(
                    weightDevice: [.init(major: 8, minor: 0, weight: 30)],
                    throttleReadBpsDevice: [
                        .init(major: 8, minor: 16, rate: 3), .init(major: 9, minor: 0, rate: 4),
                    ])))
        #expect(
            new.blockIO?.weightDevice == [.init(major: 8, minor: 0, weight: 30, leafWeight: 20)])
        #expect(new.blockIO?.throttleReadBpsDevice.map(\.rate) == [1, 3, 4])
    }

    @Test func `no limit of memory takes the limit of swap away`() {
        let old = Resources(memory: .init(limit: 100, swap: 200))
        #expect(old.changed(by: Resources(memory: .init(limit: -1))).memory == .init(limit: -1))
    }

    @Test func `a period brings its quota along, swap its memory, and the end of idleness shares`()
    {
        let old = Resources(
            memory: .init(limit: 100, swap: 200), cpu: .init(shares: 5, quota: 10, period: 20))
        let completed = Resources(memory: .init(swap: 300), cpu: .init(period: 30, idle: 0))
            .completed(from: old)
        #expect(completed.cpu == .init(shares: 5, quota: 10, period: 30, idle: 0))
        #expect(completed.memory == .init(limit: 100, swap: 300))
        let unlimited = Resources(memory: .init(limit: -1)).completed(from: old)
        #expect(unlimited.memory == .init(limit: -1))
        #expect(Resources(cpu: .init(cpus: "1")).completed(from: old).cpu == .init(cpus: "1"))
    }
}
