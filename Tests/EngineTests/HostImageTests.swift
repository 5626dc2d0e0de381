import Linux
import OCI
import SystemPackage
import Testing

@testable import Engine

@Suite struct HostImageTests {
    @Test func `real file systems below the root get layers of their own`() {
        let table = MountTable(
            parsing: """
                1 0 8:1 / / rw - ext4 /dev/sda1 rw
                2 1 8:2 / /home rw - ext4 /dev/sda2 rw
                3 1 0:5 / /proc rw - proc proc rw
                4 1 0:6 / /dev rw - devtmpfs udev rw
                5 1 0:7 / /tmp rw - tmpfs tmpfs rw
                6 1 0:8 / /srv/with\\040space rw - xfs /dev/sdb rw
                7 1 0:9 / /run/user/0 rw - tmpfs tmpfs rw
                8 1 8:3 / /var/lib/kade rw - ext4 /dev/sdc rw
                9 2 8:2 / /home rw - ext4 /dev/sda2 rw
                """)
        #expect(
            HostImage.submounts(in: table, excluding: ["/var/lib/kade"])
                == ["/home", "/srv/with space", "/tmp"])
    }

    @Test(arguments: [
        ("busybox", "busybox", true), ("busy*", "busybox", true), ("b?sybox", "busybox", true),
        ("*", "a/b", false), ("*/b", "a/b", true), ("x", "busybox", false),
    ])
    func `patterns of names do not cross a slash`(pattern: String, name: String, fits: Bool) {
        #expect(isMatch(pattern: pattern, name) == fits)
    }
}
