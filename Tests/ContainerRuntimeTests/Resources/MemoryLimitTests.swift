import Diagnostics
import Linux
import OCI
import Testing

@testable import ContainerRuntime

@Suite struct MemoryLimitTests {
    private func plan(
        _ memory: RuntimeSpec.Memory, _ version: CgroupVersion
    ) throws(Problem) -> [String] {
        commands(try MemoryLimit.steps(for: memory, in: .web(version)))
    }

    @Test(arguments: [
        (CgroupVersion.v1, ["echo 1000 > memory.limit_in_bytes"]),
        (.v2, ["echo 1000 > memory.max"]),
    ])
    func `a limit is one file`(version: CgroupVersion, expected: [String]) throws {
        #expect(try plan(.init(limit: 1000), version) == expected)
    }

    @Test func `version 1 limits memory and swap together`() throws {
        #expect(
            try plan(.init(limit: 1000, swap: 3000), .v1) == [
                "echo 1000 > memory.limit_in_bytes", "echo 3000 > memory.memsw.limit_in_bytes",
            ])
    }

    @Test func `version 2 limits swap alone`() throws {
        #expect(
            try plan(.init(limit: 1000, swap: 3000), .v2) == [
                "echo 2000 > memory.swap.max", "echo 1000 > memory.max",
            ])
        #expect(
            try plan(.init(limit: 1000, swap: 1000), .v2).first == "echo 0 > memory.swap.max")
        #expect(
            try plan(.init(limit: 1000, swap: -1), .v2).first == "echo max > memory.swap.max")
    }

    @Test(arguments: [
        (
            CgroupVersion.v1,
            ["echo -1 > memory.limit_in_bytes", "echo -1 > memory.memsw.limit_in_bytes"]
        ),
        (.v2, ["echo max > memory.swap.max", "echo max > memory.max"]),
    ])
    func `no limit of memory is none of swap either`(
        version: CgroupVersion, expected: [String]
    ) throws {
        #expect(try plan(.init(limit: -1), version) == expected)
    }

    @Test func `swap below the limit of memory, and without one, is refused on version 2`() {
        #expect(throws: Problem.self) { try plan(.init(limit: 1000, swap: 999), .v2) }
        #expect(throws: Problem.self) { try plan(.init(swap: 1000), .v2) }
    }

    @Test func `every field has its file on version 1`() throws {
        let memory = RuntimeSpec.Memory(
            limit: 1, reservation: 2, kernelTCP: 3, swappiness: 60, disableOOMKiller: true)
        #expect(
            try plan(memory, .v1) == [
                "echo 1 > memory.limit_in_bytes", "echo 2 > memory.soft_limit_in_bytes",
                "echo 60 > memory.swappiness", "echo 1 > memory.oom_control",
                "echo 3 > memory.kmem.tcp.limit_in_bytes",
            ])
    }

    @Test func `what version 2 lacks is an error or a warning`() throws {
        #expect(try plan(.init(reservation: 5), .v2) == ["echo 5 > memory.low"])
        #expect(throws: Problem.self) { try plan(.init(disableOOMKiller: true), .v2) }
        let steps = try MemoryLimit.steps(for: .init(swappiness: 60), in: .web(.v2))
        #expect(steps.first is WarnStep)
        let kernel = try MemoryLimit.steps(for: .init(kernel: 7, kernelTCP: 8), in: .web(.v2))
        #expect(kernel.count == 2 && kernel.allSatisfy { $0 is WarnStep })
    }

    @Test func `a limit of kernel memory is a warning on version 1`() throws {
        let steps = try MemoryLimit.steps(for: .init(kernel: 7), in: .web(.v1))
        #expect(steps.count == 1 && steps.first is WarnStep)
    }

    @Test(arguments: CgroupVersion.allCases)
    func `a swappiness above 100 is refused where it is applied`(version: CgroupVersion) {
        guard version == .v1 else { return }
        #expect(throws: Problem.self) { try plan(.init(swappiness: 101), version) }
    }

    @Test(arguments: CgroupVersion.allCases)
    func `0 and an OOM killer that stays are not written`(
        version: CgroupVersion
    ) throws {
        let memory = RuntimeSpec.Memory(
            limit: 0, reservation: 0, swap: 0, kernel: 0, kernelTCP: 0, disableOOMKiller: false)
        #expect(try plan(memory, version).isEmpty)
    }

    @Test func `a machine without the controller is told so`() {
        let bare = Cgroup(layout: CgroupLayout(hierarchies: []), path: "/kade/web")
        let problem = #expect(throws: Problem.self) {
            try MemoryLimit.steps(for: .init(limit: 1), in: bare)
        }
        #expect(problem?.kind == .unsupported)
        #expect(problem?.what.contains("linux.resources.memory") == true)
        #expect(problem?.fix?.contains("cgroup_enable=memory") == true)
    }
}
