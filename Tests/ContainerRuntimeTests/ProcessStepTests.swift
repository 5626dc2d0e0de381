import Diagnostics
import Linux
import OCI
import SystemPackage
import Testing

@testable import ContainerRuntime

@Suite struct ProcessStepTests {
    @Test func `capabilities that the runtime lacks or nobody knows are left out`() {
        let sets = CapabilitySets(
            .init(
                bounding: ["CAP_CHOWN", "CAP_SYS_RESOURCE"], effective: ["CAP_CHOWN", "CAP_FLY"],
                inheritable: [], permitted: ["CAP_CHOWN"], ambient: ["CAP_CHOWN"]),
            grantable: CapabilitySet([.chown, .kill]))
        #expect(sets.bounding == CapabilitySet([.chown]))
        #expect(sets.effective == CapabilitySet([.chown]))
        #expect(sets.ambient.isEmpty, "not inheritable, so not ambient")
        #expect(sets.ungrantable == ["CAP_SYS_RESOURCE", "CAP_FLY"])
    }

    @Test func `no capabilities in the spec are none`() {
        let sets = CapabilitySets(nil, grantable: CapabilitySet(rawValue: .max))
        #expect(sets.bounding.isEmpty && sets.permitted.isEmpty)
    }

    @Test(arguments: [
        ("net.ipv4.ip_forward", "net/ipv4/ip_forward"),
        ("net.ipv4.conf.eth0/1.forwarding", "net/ipv4/conf/eth0.1/forwarding"),
        ("net/ipv4/conf/eth0.1/forwarding", "net/ipv4/conf/eth0.1/forwarding"),
    ])
    func `a kernel parameter's name is a path below proc sys`(name: String, path: String) {
        #expect(KernelParameter.path(of: name) == path)
    }

    @Test func `a list of processors has single ones and ranges`() {
        #expect(NumberList.parse("0-2,5") == [0, 1, 2, 5])
        #expect(NumberList.parse("3") == [3])
        for text in ["", "a", "2-1", "1-2-3", "1,"] { #expect(NumberList.parse(text) == nil) }
    }

    @Test func `an unprivileged map of oneself needs no helper`() {
        let step = WriteIDMap(
            kind: .uid, mappings: [.init(containerID: 0, hostID: 1000, size: 1)],
            isPrivileged: false, ownID: 1000)
        #expect(step.explanation.shell == "printf '0 1000 1' > /proc/$pid/uid_map")
        let range = WriteIDMap(
            kind: .gid, mappings: [.init(containerID: 0, hostID: 100_000, size: 65536)],
            isPrivileged: false, ownID: 1000)
        #expect(range.explanation.shell == "newgidmap $pid 0 100000 65536")
    }

    @Test(arguments: [
        (Errno.noSuchFileOrDirectory, Problem.Kind.commandNotFound),
        (.permissionDenied, .commandNotExecutable), (Errno(rawValue: 8), .commandNotExecutable),
    ])
    func `why a program cannot be executed decides its kind`(errno: Errno, kind: Problem.Kind) {
        #expect(FindProgram.refusal(of: "/x", errno).kind == kind)
    }
}
