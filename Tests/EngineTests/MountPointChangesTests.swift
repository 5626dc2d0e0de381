import Testing

@testable import Engine

@Suite struct MountPointChangesTests {
    @Test func `mount points and what changed by them alone are no changes`() {
        let changes = [
            FilesystemChange(kind: .added, path: "/dev"),
            FilesystemChange(kind: .changed, path: "/etc"),
            FilesystemChange(kind: .added, path: "/etc/hosts"),
            FilesystemChange(kind: .added, path: "/proc"),
        ].withoutMountPoints
        #expect(changes.isEmpty)
    }

    @Test func `a directory with a change of its own stays`() {
        let changes = [
            FilesystemChange(kind: .changed, path: "/etc"),
            FilesystemChange(kind: .added, path: "/etc/hosts"),
            FilesystemChange(kind: .added, path: "/etc/own"),
            FilesystemChange(kind: .deleted, path: "/proc"),
        ].withoutMountPoints
        #expect(changes.map(\.path) == ["/etc", "/etc/own", "/proc"])
    }
}
