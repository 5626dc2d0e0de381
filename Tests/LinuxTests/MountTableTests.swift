import SystemPackage
import Testing

@testable import Linux

@Suite struct MountTableTests {
    @Test func `a line has a mount's place, type and how its events travel`() {
        let table = MountTable(
            parsing: """
                26 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
                41 26 0:40 /sub /srv/with\\040space rw shared:7 master:3 - tmpfs a\\011b rw,size=4k
                42 26 0:41 / /proc rw - proc proc rw
                no line of a table
                """)
        #expect(table.entries.map(\.id) == [26, 41, 42])
        #expect(table.entries.map(\.point) == ["/", "/srv/with space", "/proc"])
        #expect(table.entries.map(\.root) == ["/", "/sub", "/"])
        #expect(table.entries.map(\.peerGroup) == [1, 7, nil])
        #expect(table.entries.map(\.master) == [nil, 3, nil])
        #expect(table.entries.map(\.type) == ["ext4", "tmpfs", "proc"])
    }

    @Test func `a file's mount is in the table`() throws {
        let entry = try #require(try MountTable.current().entry(holding: "/proc/self/status"))
        #expect(entry.point == "/proc")
        #expect(entry.type == "proc")
    }
}
