import Glibc
import OCI
import Testing

/// `linux.netDevices`: network devices that become a container's.
@Suite(.enabled(if: isRoot)) struct RuntimeNetworkDeviceTests {
    private let name = "kt\(UInt16.random(in: 0 ... .max))"

    private func makeDevice() throws {
        let script = """
            ip link add $1 type veth peer name $1p
            ip address add 10.99.0.1/24 dev $1
            ip address add 10.99.1.1/32 dev $1 scope link
            ip -6 address add fd00:99::1/64 dev $1
            ip link set $1 address 02:00:00:00:00:99 mtu 1400
            """
        try Tool.check("sh", "-ec", script, "sh", name)
    }

    @Test(arguments: [(nil, nil), ("eth%d", "eth0"), ("lan", "lan")])
    func `a device comes up with its attributes and global addresses`(
        wanted: String?, expected: String?
    ) throws {
        try makeDevice()
        let bundle = try RuntimeBundle { $0.linux?.netDevices = [name: .init(name: wanted)] }
        let outcome = try bundle.run(shell: "ip address; ip link")
        #expect(outcome.exitCode == 0, "\(outcome.errors)")
        let text = outcome.output
        #expect(text.contains(" \(expected ?? name)@"))
        for part in ["mtu 1400", "02:00:00:00:00:99", "inet 10.99.0.1/24", "fd00:99::1/64", ",UP"] {
            #expect(text.contains(part), "\(part) is not in \(text)")
        }
        #expect(!text.contains("10.99.1.1"))
        // It went with the namespace, and its peer with it; the kernel takes its time.
        var isGone = false
        for _ in 0..<600 where !isGone {
            isGone = try Tool.run("ip", "link", "show", "\(name)p").exitCode != 0
            if !isGone { usleep(100_000) }
        }
        #expect(isGone)
    }

    @Test func `a name that is taken is an error, and the device stays`() throws {
        try makeDevice()
        let bundle = try RuntimeBundle { $0.linux?.netDevices = [name: .init(name: "lo")] }
        let outcome = try bundle.run(shell: "true")
        #expect(outcome.errors.contains("the container has a device lo already"))
        #expect(try Tool.check("ip", "address", "show", name).contains("10.99.0.1/24"))
        try Tool.check("ip", "link", "delete", name)
    }

    @Test func `no device has such a name`() throws {
        let bundle = try RuntimeBundle { $0.linux?.netDevices = [name: .init(name: "a/b")] }
        #expect(try bundle.run(shell: "true").errors.contains("which no network device is called"))
    }
}
