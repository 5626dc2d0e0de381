import SystemPackage
import Testing

@testable import Linux

@Suite struct CgroupLayoutTests {
    @Test func `memberships of all kinds of hierarchies are read`() {
        let text = """
            12:cpu,cpuacct:/user.slice
            5:name=systemd:/user.slice/a:b
            0::/init.scope

            """
        #expect(
            CgroupLayout.parseMemberships(text) == [
                .init(names: ["cpu", "cpuacct"], path: "/user.slice"),
                .init(names: ["name=systemd"], path: "/user.slice/a:b"),
                .init(names: [], path: "/init.scope"),
            ])
    }

    @Test func `the own path in version 2 is in the last line, or nowhere`() {
        #expect(
            CgroupLayout.unifiedPath(in: "5:name=systemd:/a\n0::/init.scope\n") == "/init.scope")
        #expect(CgroupLayout.unifiedPath(in: "0::/a:b\n") == "/a:b")
        #expect(CgroupLayout.unifiedPath(in: "0::/") == "/")
        #expect(CgroupLayout.unifiedPath(in: "0::/x\n5:name=systemd:/a\n") == nil)
        #expect(CgroupLayout.unifiedPath(in: "") == nil)
    }

    @Test func `the names of controllers are read, and unknown ones left out`() {
        let names = "cpuset cpu io memory hugetlb pids rdma misc dmem\n"
        #expect(
            CgroupLayout.controllers(in: names)
                == [.cpuset, .cpu, .blockIO, .memory, .hugetlb, .pids, .rdma, .misc])
        #expect(CgroupLayout.controllers(in: "\n").isEmpty)
        #expect(CgroupLayout.controllers(in: "").isEmpty)
    }

    @Test func `the cgroup mounts are found in a mount table`() {
        let text = """
            20 1 0:18 / /proc rw - proc proc rw
            30 29 0:26 / /mnt/memory rw,relatime shared:9 - cgroup cgroup rw,memory
            31 29 0:27 / /mnt/systemd rw - cgroup none rw,xattr,name=systemd
            32 29 0:28 / /mnt/two rw - cgroup2 cgroup2 rw,nsdelegate
            """
        let mounts = CgroupLayout.parseMounts(text)
        #expect(mounts.map(\.mountPoint) == ["/mnt/memory", "/mnt/systemd", "/mnt/two"])
        #expect(mounts[0].holds(.init(names: ["memory"], path: "/")))
        #expect(!mounts[0].holds(.init(names: [], path: "/")))
        #expect(mounts[1].holds(.init(names: ["name=systemd"], path: "/")))
        #expect(mounts[2].holds(.init(names: [], path: "/")))
    }

    @Test func `a controller is found in the hierarchy that has it`() {
        #expect(CgroupLayout.version2.version(of: .memory) == .v2)
        #expect(CgroupLayout.version2.version(of: .devices) == .v2)
        #expect(CgroupLayout.version2.version(of: .networkClass) == nil)
        #expect(CgroupLayout.version1.version(of: .blockIO) == .v1)
        #expect(CgroupLayout.version1.version(of: .misc) == nil)
        #expect(
            CgroupLayout.version1.hierarchy(of: .cpuAccounting)?.directory(of: "/kade/web")
                == "/sys/fs/cgroup/cpu,cpuacct/kade/web")
    }

    @Test func `block device statistics are read from both versions`() {
        let new = Cgroup.parseUnifiedIO("8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=0 dios=0\n")
        let old = Cgroup.parseLegacyIO(
            bytes: "8:0 Read 1\n8:0 Write 2\n8:0 Total 3\nTotal 3\n",
            operations: "8:0 Read 3\n8:0 Write 4\nTotal 7\n")
        #expect(new == old)
        #expect(new.first?.writes == 4)
    }
}
