import ContainerRuntime
import Diagnostics
import Linux
import OCI
import SeccompOracle
import Testing

@Suite struct SeccompFilterTests {
    @Test func `calls newer than the profile are said not to exist`() throws {
        let profile = RuntimeSpec.Seccomp(
            defaultAction: .errno,
            syscalls: [.init(names: ["read", "close_range"], action: .allow)]
        )
        #expect(try verdict(profile, "close_range") == SeccompVerdict.allow)
        #expect(try verdict(profile, "openat2") == SeccompVerdict.noSuchCall)
        #expect(try verdict(profile, "write") == SeccompVerdict.errno(1))
    }

    @Test func `a permissive default says nothing of new calls`() throws {
        let profile = RuntimeSpec.Seccomp(
            defaultAction: .allow, syscalls: [.init(names: ["reboot"], action: .killProcess)])
        #expect(try verdict(profile, "openat2") == SeccompVerdict.allow)
        #expect(try verdict(profile, "reboot") == SeccompVerdict.killProcess)
    }

    @Test func `the first rule whose conditions hold decides`() throws {
        let profile = RuntimeSpec.Seccomp(
            defaultAction: .errno,
            syscalls: [
                .init(
                    names: ["personality"], action: .log,
                    args: [.init(index: 0, value: 8, op: .equal)]),
                .init(
                    names: ["personality"], action: .trap,
                    args: [.init(index: 0, value: 9, op: .lessOrEqual)]),
            ])
        #expect(try verdict(profile, "personality", 8) == SeccompVerdict.log)
        #expect(try verdict(profile, "personality", 9) == SeccompVerdict.trap)
        #expect(try verdict(profile, "personality", 1 << 32) == SeccompVerdict.errno(1))
    }

    @Test func `an architecture that the profile does not list is killed`() throws {
        let profile = RuntimeSpec.Seccomp(defaultAction: .allow)
        let filter = try SeccompFilter(compiling: profile, native: .x86_64).instructions
        let i386 = FilterInput(
            number: 20, architecture: SyscallArchitecture.i386.auditNumber)
        let x32 = FilterInput(
            number: 0x4000_0000, architecture: SyscallArchitecture.x32.auditNumber)
        #expect(run(filter, on: i386) == SeccompVerdict.killThread)
        #expect(run(filter, on: x32) == SeccompVerdict.killThread)
    }

    @Test func `many conditional rules need jumps of more than 255 instructions`() throws {
        var profile = RuntimeSpec.Seccomp(defaultAction: .errno)
        profile.syscalls = SyscallTable.shared.names.filter(Oracle.knows).prefix(180).map { name in
            .init(
                names: [name], action: .allow, args: [.init(index: 1, value: 1 << 40, op: .less)])
        }
        #expect(try differencesFromOracle(of: profile, native: .x86_64).isEmpty)
    }

    @Test func `flags and notifications decide how it is loaded`() throws {
        var profile = RuntimeSpec.Seccomp(defaultAction: .allow, flags: [.log, .threadSync])
        #expect(try SeccompFilter(compiling: profile).flags == [.log])
        profile.syscalls = [.init(names: ["mkdir"], action: .notify)]
        #expect(throws: Problem.self) { try SeccompFilter(compiling: profile) }
        profile.listenerPath = "/run/agent.sock"
        #expect(try SeccompFilter(compiling: profile).hasListener)
        profile.syscalls = [.init(names: ["write"], action: .notify)]
        #expect(throws: Problem.self) { try SeccompFilter(compiling: profile) }
    }

    @Test(arguments: [
        RuntimeSpec.Seccomp(defaultAction: .notify),
        RuntimeSpec.Seccomp(defaultAction: .allow, defaultErrnoRet: 1),
        RuntimeSpec.Seccomp(defaultAction: .allow, flags: [.waitKillable]),
        RuntimeSpec.Seccomp(
            defaultAction: .allow, syscalls: [.init(names: ["a"], action: .kill, errnoRet: 1)]),
        RuntimeSpec.Seccomp(
            defaultAction: .allow,
            syscalls: [
                .init(
                    names: ["read"], action: .kill, args: [.init(index: 6, value: 0, op: .equal)])
            ]),
    ])
    func `a section that contradicts itself is refused`(profile: RuntimeSpec.Seccomp) {
        #expect(throws: Problem.self) { try SeccompFilter(compiling: profile) }
    }

    @Test(arguments: 1...40)
    func `the summary says of each call what the filter does`(seed: UInt64) throws {
        var generator = ProfileGenerator(seed: seed)
        let profile = generator.profile()
        let summary = SeccompSummary(of: profile, on: .x86_64)
        for (fate, names) in summary.calls {
            for name in names {
                let verdict = try #require(try verdict(profile, name))
                switch fate {
                case .depends: continue
                case .unknown: #expect(verdict == SeccompVerdict.noSuchCall, "\(name)")
                case .always(let action):
                    let isAllowed = verdict == SeccompVerdict.allow
                    #expect(isAllowed == (action == .allow), "\(name) \(action)")
                }
            }
        }
    }

    private func verdict(
        _ profile: RuntimeSpec.Seccomp, _ name: String, _ argument: UInt64 = 0
    ) throws -> UInt32? {
        let entry = try #require(SyscallTable.shared.entry(named: name))
        let number = try #require(SyscallTable.shared.number(entry, on: .x86_64))
        let input = FilterInput(
            number: number, architecture: SyscallArchitecture.x86_64.auditNumber,
            arguments: [argument, 0, 0, 0, 0, 0])
        return run(
            try SeccompFilter(compiling: profile, native: .x86_64).instructions, on: input)
    }
}
