import Linux
import SystemPackage
import Testing

@Suite struct CapabilityTests {
    @Test(arguments: [
        (Capability.chown, 0, "CAP_CHOWN"), (.kill, 5, "CAP_KILL"),
        (.netAdmin, 12, "CAP_NET_ADMIN"), (.sysAdmin, 21, "CAP_SYS_ADMIN"),
        (.mknod, 27, "CAP_MKNOD"), (.setfcap, 31, "CAP_SETFCAP"), (.syslog, 34, "CAP_SYSLOG"),
        (.bpf, 39, "CAP_BPF"), (.checkpointRestore, 40, "CAP_CHECKPOINT_RESTORE"),
    ])
    func `a capability has the kernel's number and name`(
        capability: Capability, number: Int, name: String
    ) {
        #expect(Int(capability.rawValue) == number)
        #expect(capability.name == name)
    }

    @Test func `there are 41 and each is found by its name`() {
        #expect(Capability.allCases.count == 41)
        for capability in Capability.allCases {
            #expect(Capability(named: capability.name) == capability)
        }
    }

    @Test func `names are read as people write them`() {
        #expect(Capability(named: "net_admin") == .netAdmin)
        #expect(Capability(named: "cap_net_admin") == .netAdmin)
        #expect(Capability(named: "CAP_NOTHING") == nil)
        #expect(Capability(named: "") == nil)
    }

    @Test func `the kernel's highest number is found`() throws {
        let text = try File.readText("/proc/sys/kernel/cap_last_cap")
        #expect("\(BoundingSet.lastCapability())\n" == text)
    }

    @Test func `sets are bits`() {
        let set = CapabilitySet([.chown, .sysAdmin])
        #expect(set.rawValue == 0x20_0001)
        #expect(set.contains(.sysAdmin) && !set.contains(.kill))
        #expect(set.subtracting(CapabilitySet([.chown])).members == [.sysAdmin])
    }
}
