import Foundation
import Testing

/// Who removes the container of `run --rm`: the command, its monitor, or whoever comes next.
@Suite(.enabled(if: isRoot)) struct RemovalTests {
    private func directories(of kade: Kade) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: kade.root + "/containers")
    }

    @Test func `the row goes with the command, the files with the monitor`() throws {
        let kade = try Kade.withBusybox()
        try kade.check("run", "--rm", "--name", "one", "busybox", "sh", "-c", "echo 1 > /file")
        #expect(try kade.check("ps", "-aq").isEmpty)
        try kade.check("run", "--rm", "--name", "one", "busybox", "true")
        try kade.wait { try directories(of: kade).isEmpty }
        try kade.wait { try kade.leftovers().isEmpty }
    }

    @Test func `files that no monitor deleted go with the next list`() throws {
        let kade = try Kade.withBusybox()
        let id = try kade.check("create", "busybox", "true")
        let bundle = kade.root + "/containers/" + id
        try Tool.check("mv", bundle, kade.root + "/containers/.removing-" + id)
        try kade.check("rm", id)
        _ = try kade.check("ps", "-a")
        #expect(try directories(of: kade).isEmpty)
    }

    @Test func `a mount that a killed command left on the rootfs goes with the container`() throws {
        let kade = try Kade.withBusybox()
        let id = try kade.check("create", "busybox", "true")
        let rootfs = kade.root + "/containers/" + id + "/rootfs"
        for _ in 1...2 { try Tool.check("mount", "-t", "tmpfs", "tmpfs", rootfs) }
        try kade.check("rm", id)
        #expect(try directories(of: kade).isEmpty)
        #expect(try kade.leftovers() == [])
    }

    @Test(.cgroupsOfRoot)
    func `a start that was killed before its first state leaves no cgroup`() throws {
        let kade = try Kade.withBusybox()
        try kade.check("run", "--name", "one", "--network", "none", "busybox", "true")
        let id = try kade.inspect("one", "{{.Id}}")
        // The runtime has taken the name and made the first cgroups.
        try Tool.check("mkdir", kade.runRoot + "/runtime/" + id)
        let places = try Tool.run(
            "sh", "-c",
            "ls -d /sys/fs/cgroup/pids/kade /sys/fs/cgroup/systemd/kade /sys/fs/cgroup/kade"
        ).lines
        try #require(!places.isEmpty)
        for place in places { try Tool.check("mkdir", place + "/" + id) }
        try kade.check("rm", "one")
        #expect(try Kade.cgroups(of: id) == [])
        #expect(try kade.leftovers() == [])
    }

    @Test(.rootOnly("what a user deletes may be a mount point elsewhere"))
    func `what somebody mounted in a container's directory keeps its files`() throws {
        let kade = try Kade.withBusybox()
        let id = try kade.check("create", "--name", "one", "busybox", "true")
        let folder = try TemporaryFolder()
        try folder.write("kept", to: "file")
        let place = kade.root + "/containers/" + id + "/other"
        try Tool.check("mkdir", place)
        try Tool.check("mount", "--bind", folder.path, place)
        let outcome = try kade("rm", "one")
        // While they are deleted its files are in another place, and the mount with them.
        try Tool.check("umount", kade.root + "/containers/.removing-" + id + "/other")
        #expect(outcome.exitCode == 1 && outcome.errors.contains("cross-device"), "\(outcome)")
        #expect(try folder.text("file") == "kept")
        try kade.check("rm", "one")
        try kade.check("ps")
        #expect(try directories(of: kade).isEmpty)
    }

    @Test func `a client that is killed leaves the removal to the monitor`() throws {
        let kade = try Kade.withBusybox()
        let client = try kade.start(
            "run", "--rm", "--name", "one", "busybox", "sh", "-c", "echo ready; sleep 1000")
        try kade.wait { client.output.contains("ready") }
        client.signal(SIGKILL)
        _ = try client.wait()
        try kade.check("kill", "one")
        try kade.wait { try kade.check("ps", "-aq").isEmpty }
        try kade.wait { try directories(of: kade).isEmpty }
        try kade.wait { try kade.leftovers().isEmpty }
    }

    @Test func `a name that is taken ends the monitor that was started early`() throws {
        let kade = try Kade.withBusybox()
        try kade.check("create", "--name", "one", "busybox", "true")
        #expect(try kade("run", "--rm", "--name", "one", "busybox", "true").exitCode == 125)
        try kade.wait { try kade.leftovers().isEmpty }
        #expect(try directories(of: kade).count == 1)
    }
}
