import SystemPackage
import Testing

@testable import Linux

@Suite struct ProcessDetailsTests {
    private let details = ProcessDetails(
        status: """
            Name:\tsleep
            Uid:\t1000\t1000\t0\t1000
            Groups:\t63 1001\u{20}
            CapEff:\t0000000000000021
            Seccomp:\t2

            """)

    @Test func `fields, numbers and capabilities are read`() {
        #expect(details["Name"] == "sleep")
        #expect(details["NoNewPrivs"] == nil)
        #expect(details.numbers("Uid") == [1000, 1000, 0, 1000])
        #expect(details.numbers("Groups") == [63, 1001])
        #expect(details.capabilities("CapEff").members == [.chown, .kill])
        #expect(details.capabilities("CapPrm").isEmpty)
    }

    @Test func `limits with and without a unit are read`() throws {
        let limits = EffectiveLimit.all(
            in: """
                Limit                     Soft Limit           Hard Limit           Units     
                Max cpu time              unlimited            unlimited            seconds   
                Max open files            1024                 20000                files     
                Max nice priority         0                    0                    

                """)
        #expect(limits.map(\.name) == ["Max cpu time", "Max open files", "Max nice priority"])
        #expect(limits[1].soft == "1024")
        #expect(limits[1].hard == "20000")
        #expect(limits[1].unit == "files")
        #expect(limits[2].unit == "")
    }

    @Test func `this process has the limits that it is told`() throws {
        let text = try File.readText("/proc/self/limits")
        #expect(EffectiveLimit.all(in: text).count == 16)
    }

    @Test func `mounts have their sources and options`() throws {
        let table = MountTable(
            parsing: "36 35 98:0 /a /b rw,noatime master:1 - tmpfs shm\\040x rw,size=64k\n")
        let entry = try #require(table.entries.first)
        #expect(entry.source == "shm x")
        #expect(entry.options == "rw,noatime")
        #expect(entry.fileSystemOptions == "rw,size=64k")
    }
}
