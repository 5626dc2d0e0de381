import Foundation
import OCI
import Testing

@Suite(.enabled(if: isRoot)) struct RuntimeEventsTests {
    @Test func `statistics have runc's members, and more only where there is more to tell`() throws
    {
        let kade = try Self.statistics(of: .kade)
        #expect(kade["type"]?.string == "stats")
        #expect((kade["data"]?["cpu"]?["usage"]?["total"]?.int ?? 0) > 0)
        #expect(kade["data"]?["pids"]?["current"]?.int == 1)
        #expect(kade["data"]?["memory"]?["usage"]?["limit"]?.int == 64 << 20)
        guard RuntimeUnderTest.runc.isInstalled else { return }
        let runc = try Self.statistics(of: .runc)
        // runc 1.1 on a machine of version 1 has no counters of network interfaces.
        #expect(Self.members(of: runc).subtracting(Self.members(of: kade)).isEmpty)
        #expect(Self.members(of: kade).subtracting(Self.members(of: runc)).isEmpty)
    }

    @Test func `network interfaces of the container's own are counted`() throws {
        let name = "kt\(UInt16.random(in: 0 ... .max))"
        try Tool.check("ip", "link", "add", name, "type", "veth", "peer", "name", "\(name)p")
        let bundle = try RuntimeBundle { $0.linux?.netDevices = [name: .init(name: "eth0")] }
        try bundle.startSleeping()
        let interfaces = try bundle.events("--stats")["data"]?["network_interfaces"]?.array
        #expect(interfaces?.count == 1)
        #expect(interfaces?.first?["Name"]?.string == "eth0")
        #expect(interfaces?.first?["RxBytes"]?.int == 0)
    }

    @Test func `want of memory is an event, and the end of the container ends them`() throws {
        let bundle = try RuntimeBundle {
            $0.linux?.resources?.memory = .init(limit: 16 << 20, swap: 16 << 20)
        }
        try bundle.write(
            shell: "while [ ! -e /tmp/go ]; do sleep 0.05; done; exec tail /dev/zero")
        try Tool.check(
            RuntimeBundle.program, "--root", bundle.root, "run", "--detach", "--bundle",
            bundle.folder.path, bundle.id)
        let events = try Tool.start([
            RuntimeBundle.program, "--root", bundle.root, "events", "--interval", "50ms", bundle.id,
        ])
        for _ in 0..<3000 where events.output.isEmpty { usleep(20_000) }
        try bundle.folder.write("", to: "rootfs/tmp/go")
        let outcome = try events.wait()
        #expect(outcome.exitCode == 0, "\(outcome.errors)")
        #expect(outcome.lines.first?.hasPrefix(#"{"type":"stats""#) == true)
        #expect(outcome.lines.contains(#"{"type":"oom","id":"\#(bundle.id)"}"#))
    }

    @Test(arguments: [
        (["--interval", "0s"], "duration interval must be greater than 0"),
        (["--interval", "soon"], "it is a length of time"),
    ])
    func `wrong intervals are refused`(flags: [String], complaint: String) throws {
        let bundle = try RuntimeBundle()
        try bundle.startSleeping()
        let outcome = try Tool.start(
            [RuntimeBundle.program, "--root", bundle.root, "events"] + flags + [bundle.id]
        ).wait()
        #expect(outcome.exitCode == 1)
        #expect(outcome.errors.contains(complaint))
    }

    @Test func `a stopped container has no events`() throws {
        let bundle = try RuntimeBundle()
        _ = try bundle.run(shell: "true", "--keep")
        #expect(try bundle.runtime("events", bundle.id).errors.contains("is not running"))
    }

    private static func statistics(of runtime: RuntimeUnderTest) throws -> JSONValue {
        let bundle = try RuntimeBundle(for: runtime) {
            $0.linux?.resources?.memory = .init(limit: 64 << 20)
            $0.linux?.resources?.cpu = .init(quota: 100_000, period: 100_000)
            $0.linux?.resources?.pids = .init(limit: 50)
        }
        try bundle.startSleeping()
        return try bundle.events("--stats")
    }

    /// The names of all members, with those above them; numbers that were 0 may be left out.
    private static func members(of value: JSONValue, below path: String = "") -> Set<String> {
        let chance = ["usage", "max", "periods", "throttledPeriods", "throttledTime", "cache"]
        var all: Set<String> = []
        for member in value.object?.members ?? [] where !chance.contains(member.name) {
            all.insert("\(path)/\(member.name)")
            all.formUnion(members(of: member.value, below: "\(path)/\(member.name)"))
        }
        return all
    }
}

extension RuntimeBundle {
    fileprivate func events(_ flag: String) throws -> JSONValue {
        try .parse(Array(runtime("events", flag, id).output.utf8), named: "events")
    }
}
