import Foundation
import Testing

/// Containers of an ordinary user, from `run` to `rm`.
@Suite(.enabled(if: isRoot)) struct RootlessContainerTests {
    let kade: Kade

    init() throws { kade = try Kade.withBusybox(as: TestUser()) }

    @Test func `root inside is the user outside, and others are subordinates`() throws {
        let outcome = try kade.shell(
            "id; cat /proc/self/uid_map; touch /mine; chown 7:8 /mine; ls -ln /mine; stat -c %u:%g"
                + " /home/ann")
        let words = outcome.lines.map { $0.split(separator: " ").map(String.init) }
        try #require(words.count == 5, "\(outcome.errors)")
        #expect(outcome.lines[0] == "uid=0(root) gid=0(root) groups=0(root)")
        #expect(words[1] == ["0", "\(TestUser.id)", "1"])
        #expect(words[2] == ["1", "\(TestUser.subordinates)", "\(TestUser.subordinateCount)"])
        #expect(words[3][2...3] == ["7", "8"])
        #expect(outcome.lines[4] == "1000:1001")
        #expect(
            try kade.call(["run", "--rm", "-u", "ann", "busybox", "id", "-u"]).output == "1000\n")
    }

    @Test func `explain and why look at an ordinary user's containers, too`() throws {
        try kade.check("run", "-d", "--name", "one", "busybox", "sleep", "600")
        let sections = try ExplainTests.explain("one", by: kade)
        #expect(sections.count == 13)
        let map = try #require(sections["users"]?.first { $0.name == "uid_map" })
        #expect(
            map.effective?.hasPrefix("0 \(TestUser.id) 1 (0 is \(TestUser.id) outside)") == true)
        #expect(map.origin == "always for ordinary users (/etc/subuid)")
        let user = try #require(sections["namespaces"]?.first { $0.name == "user" })
        #expect(user.effective?.hasSuffix("the user's") == true)
        #expect(sections["network"]?.contains { $0.name == "lo" } == true)
        try kade("run", "--name", "two", "busybox", "sh", "-c", "echo adrift; exit 3")
        let why = try kade.check("why", "two")
        #expect(why.contains("exit code 3"))
        #expect(why.contains("it wrote: adrift"))
        try kade.check("stop", "-t", "0", "one")
        #expect(try kade.check("why", "one").contains("of user \(TestUser.id): kade "))
    }

    @Test func `a container's whole life, and nothing is left of it`() throws {
        let id = try kade.check(
            "run", "-d", "--name", "life", "busybox", "sh", "-c",
            "trap 'exit 5' TERM; echo hello; while :; do sleep 0.1; done")
        try kade.wait { try kade("logs", "life").output == "hello\n" }
        #expect(try kade("exec", "life", "id", "-u").output == "0\n")
        #expect(try kade("exec", "-u", "ann", "life", "id", "-u").output == "1000\n")
        #expect(try kade("exec", "life", "sh", "-c", "exit 4").exitCode == 4)
        #expect(try kade.check("top", "life").contains("sleep 0.1"))
        #expect(try kade.inspect("life", "{{.State.Status}}") == "running")
        try kade.check("stop", "life")
        #expect(try kade.inspect("life", "{{.State.ExitCode}}") == "5")
        try kade.check("start", "life")
        try kade.check("restart", "life")
        try kade.check("kill", "life")
        #expect(try kade.check("wait", "life") == "137")
        try kade.check("rm", "life")
        #expect(try kade.check("ps", "-aq") == "")
        try kade.wait(until: { try kade.leftovers().isEmpty })
        #expect(try Kade.cgroups(of: id).isEmpty)
    }

    @Test func `a container that nobody waits for removes itself`() throws {
        try kade.check("run", "-d", "--rm", "busybox", "sleep", "0.1")
        try kade.wait { try kade.check("ps", "-aq").isEmpty }
        try kade.wait(until: { try kade.leftovers().isEmpty })
    }

    @Test func `a container that fails starts again`() throws {
        try kade.check(
            "run", "-d", "--name", "again", "--restart", "on-failure:2", "busybox", "false")
        try kade.wait { try kade.inspect("again", "{{.State.Status}}") == "exited" }
        #expect(try kade.inspect("again", "{{.RestartCount}}") == "2")
    }

    @Test func `volumes, copies and changes have the owners that the container sees`() throws {
        try kade.check(
            "run", "--rm", "-v", "store:/data", "-u", "ann", "busybox", "sh", "-c", "true")
        let script = "echo x > /data/f; chown 7 /data/f; rm /bin/wget; echo y > /tmp/own"
        try kade.check(
            "run", "--name", "made", "-v", "store:/data", "busybox", "sh", "-c", script)
        #expect(
            try kade.call([
                "run", "--rm", "-v", "store:/data", "busybox", "stat", "-c", "%u", "/data/f",
            ])
            .output == "7\n")
        let file = try kade.check("volume", "inspect", "-f", "{{.Mountpoint}}", "store") + "/f"
        let owner = try FileManager.default.attributesOfItem(atPath: file)[.ownerAccountID]
        #expect(owner as? Int == TestUser.subordinates + 6)
        #expect(
            try kade.check("diff", "made") == "C /bin\nD /bin/wget\nA /data\nC /tmp\nA /tmp/own")
        try kade.check("cp", "made:/tmp/own", kade.folder.at("copied"))
        #expect(try kade.folder.text("copied") == "y\n")
        try kade.check("cp", kade.folder.at("copied"), "made:/tmp/back")
        try kade.check("commit", "made", "changed")
        let outcome = try kade.call([
            "run", "--rm", "changed", "sh", "-c", "cat /tmp/back; ls /bin/wget",
        ])
        #expect(outcome.output == "y\n")
        #expect(outcome.errors.contains("No such file"))
    }

    @Test func `containers share namespaces and memory with another one`() throws {
        try kade.check(
            "run", "-d", "--name", "first", "--ipc", "shareable", "busybox", "sh", "-c",
            "echo shared > /dev/shm/file; exec sleep 60")
        try kade.wait {
            try kade.call([
                "run", "--rm", "--ipc", "container:first", "busybox", "cat", "/dev/shm/file",
            ]).output == "shared\n"
        }
        let others = try kade.call(["run", "--rm", "--pid", "container:first", "busybox", "ps"])
        #expect(others.output.contains("sleep 60"), "\(others.errors)")
        let own = try kade.check("exec", "first", "readlink", "/proc/self/ns/net")
        let joined = try kade.check(
            "run", "--rm", "--network", "container:first", "busybox", "readlink",
            "/proc/self/ns/net")
        #expect(own == joined)
    }

    @Test func `privileges are those over the user's own namespaces`() throws {
        let outcome = try kade.call([
            "run", "--rm", "--privileged", "busybox", "sh", "-c",
            "mount -t tmpfs none /tmp && echo mounted; mknod /x c 1 3; cat < /dev/null && echo opened",
        ])
        #expect(outcome.lines == ["mounted", "opened"])
        #expect(outcome.errors.contains("Operation not permitted"))
        let device = try kade.call([
            "run", "--rm", "--device", "/dev/zero:/dev/x", "busybox", "ls", "/dev/x",
        ])
        #expect(device.output == "/dev/x\n")
    }

    @Test func `one whose state another version keeps is listed, and removed`() throws {
        let id = try kade.check("run", "-d", "--name", "one", "busybox", "sleep", "600")
        let file = URL(fileURLWithPath: "\(kade.runRoot)/runtime/\(id)/state.json")
        let text = String(decoding: try Data(contentsOf: file), as: UTF8.self)
        try Data(("{\"format\":7," + text.dropFirst()).utf8).write(to: file)
        #expect(try kade.inspect("one", "{{.State.Status}}") == "running")
        #expect(try kade.check("ps", "-q").split(separator: "\n").count == 1)
        try kade.check("rm", "-f", "one")
        try kade.wait(until: { try kade.leftovers().isEmpty })
    }
}
