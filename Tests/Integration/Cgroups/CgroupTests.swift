import Glibc
import Linux
import OCI
import SystemPackage
import Testing

@testable import ContainerRuntime

@Suite(.enabled(if: isRoot)) struct CgroupTests {
    @Test func `a cgroup is made in every hierarchy, and removed with those below it`() throws {
        try withCgroup { cgroup in
            _ = try cgroup.create(requiring: [], wanting: [.memory, .pids])
            #expect(cgroup.exists)
            let nested = Cgroup(layout: cgroup.layout, path: "\(cgroup.path)/nested")
            #expect(try nested.create(requiring: [], wanting: []).count > 0)
            #expect(try nested.create(requiring: [], wanting: []).isEmpty)
            try cgroup.remove()
            #expect(!cgroup.exists)
            try cgroup.remove()  // what is gone is no error
        }
    }

    @Test func `a process is added, frozen, thawed and killed`() throws {
        try withCgroup { cgroup in
            _ = try cgroup.create(requiring: [], wanting: [])
            let child = try spawnSleep()
            defer { waitpid(child, nil, 0) }
            defer { kill(child, SIGKILL) }
            try cgroup.add(child)
            #expect(try cgroup.processes() == [child])
            try cgroup.freeze()
            #expect(try cgroup.isFrozen())
            try cgroup.thaw()
            #expect(try !cgroup.isFrozen())
            try cgroup.freeze()
            try cgroup.killAll()
            var status: CInt = 0
            #expect(waitpid(child, &status, 0) == child)
            #expect(status & 0x7f == SIGKILL)
            try cgroup.thaw()
            try cgroup.remove()
        }
    }

    @Test func `use and limits are read`() throws {
        try withCgroup { cgroup in
            _ = try cgroup.create(requiring: [.memory, .pids], wanting: [])
            var context = SetupContext(containerID: "id", bundle: "/", rootfs: "/")
            let steps = try ResourceLimits.updateSteps(
                for: .init(
                    memory: .init(limit: 67_108_864), cpu: .init(shares: 512),
                    pids: .init(limit: 7)), in: cgroup)
            for step in steps { try step.run(in: &context) }
            let child = try spawnSleep()
            defer { waitpid(child, nil, 0) }
            defer { kill(child, SIGKILL) }
            try cgroup.add(child)
            let statistics = try cgroup.statistics()
            #expect(statistics.memoryLimitInBytes == 67_108_864)
            #expect(statistics.pidsLimit == 7)
            #expect(statistics.pids == 1)
            #expect(statistics.outOfMemoryKills == 0)
            #expect(statistics.cpuUsageInMicroseconds != nil)
        }
    }

    @Test func `limits rise and fall in any order`() throws {
        try withCgroup { cgroup in
            guard cgroup.layout.version(of: .memory) != nil else { return }
            _ = try cgroup.create(requiring: [.memory, .cpu], wanting: [])
            var context = SetupContext(containerID: "id", bundle: "/", rootfs: "/")
            for mebibytes in [64, 256, 32] as [Int64] {
                let steps = try ResourceLimits.updateSteps(
                    for: .init(
                        memory: .init(limit: mebibytes << 20, swap: mebibytes << 21),
                        cpu: .init(quota: mebibytes * 1000, period: UInt64(mebibytes * 1500))),
                    in: cgroup)
                for step in steps { try step.run(in: &context) }
                #expect(try cgroup.statistics().memoryLimitInBytes == UInt64(mebibytes << 20))
            }
        }
    }

    @Test func `the kernel takes the program of device rules`() throws {
        guard let unified = try CgroupLayout.detect().unified else { return }
        let layout = CgroupLayout(hierarchies: [unified])
        try withCgroup(layout) { cgroup in
            _ = try cgroup.create(requiring: [], wanting: [])
            let directory = try #require(try openDirectory(cgroup))
            for rules in [
                [], [.init(allow: true, type: .block, major: 8, access: "r")],
                [
                    .init(allow: true),
                    .init(allow: false, type: .character, minor: 3, access: "wm"),
                ],
            ] as [[RuntimeSpec.DeviceRule]] {
                let program = try CgroupDeviceProgram(
                    instructions: DeviceProgram(DeviceList(rules)).instructions)
                try program.attach(to: directory.descriptor)
                #expect(try CgroupDeviceProgram.programs(of: directory.descriptor).count == 1)
            }
        }
    }
}

/// A descriptor that a macro may hand on.
private final class SharedDescriptor {
    let descriptor: OwnedFD
    init(_ descriptor: consuming OwnedFD) { self.descriptor = descriptor }
}

private func openDirectory(_ cgroup: Cgroup) throws -> SharedDescriptor? {
    guard let descriptor = try cgroup.openUnifiedDirectory() else { return nil }
    return SharedDescriptor(descriptor)
}

/// Runs a body with the name of a cgroup that does not exist yet, and removes it afterwards.
private func withCgroup(
    _ layout: CgroupLayout? = nil, _ body: (Cgroup) throws -> Void
) throws {
    let found = try CgroupLayout.detect()
    let cgroup = Cgroup(
        layout: layout ?? found,
        path: "/kade-test-\(getpid())-\(UInt32.random(in: 0...UInt32.max))")
    defer {
        try? cgroup.killAll()  // best effort: the test has its own verdict
        try? cgroup.remove()
    }
    try body(cgroup)
}

/// Starts a process that does nothing for a long time.
private func spawnSleep() throws -> pid_t {
    var child: pid_t = 0
    let words: [String] = ["sleep", "1000"]
    let arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) }
    defer { arguments.forEach { free($0) } }
    let failure = posix_spawnp(&child, "sleep", nil, nil, arguments + [nil], environ)
    try #require(failure == 0)
    return child
}
