import Foundation
import Testing

@Suite struct CopyCommandTests {
    /// Where a test's container is in its life.
    enum Stage: String, CaseIterable { case created, running, stopped }

    private func container(_ kade: Kade, _ stage: Stage, _ flags: String...) throws {
        let command = ["--name", "box"] + flags + ["busybox", "sleep", "600"]
        _ = try kade.call((stage == .created ? ["create"] : ["run", "-d"]) + command)
        if stage == .stopped { try kade.check("stop", "-t", "0", "box") }
    }

    @Test(arguments: Stage.allCases)
    func `files go in and out, whatever the container does`(stage: Stage) throws {
        let kade = try Kade.withBusybox()
        try container(kade, stage, "-v", "data:/data")
        try kade.folder.write("hello", to: "in.txt")
        let told = try kade("cp", kade.folder.at("in.txt"), "box:/data/copy.txt")
        #expect(told.exitCode == 0)
        #expect(told.errors == "Successfully copied 2.05kB to box:/data/copy.txt\n")
        try kade.check("cp", "-q", kade.folder.at("in.txt"), "box:/tmp")
        try kade.check("cp", "box:/data/copy.txt", kade.folder.at("out.txt"))
        try kade.check("cp", "box:/tmp/in.txt", kade.folder.at("out2.txt"))
        #expect(try kade.folder.text("out.txt") == "hello")
        #expect(try kade.folder.text("out2.txt") == "hello")
        // The volume has it, and the layer below does not.
        #expect(try kade.check("diff", "box").contains("copy.txt") == false)
        if stage != .running { try kade.check("start", "box") }
        #expect(try kade.check("exec", "box", "cat", "/data/copy.txt") == "hello")
        #expect(try kade.check("exec", "box", "stat", "-c", "%u:%g", "/tmp/in.txt") == "0:0")
    }

    @Test func `a directory's name and content follow Docker's rules`() throws {
        let kade = try Kade.withBusybox()
        try container(kade, .running)
        try kade.folder.write("x", to: "tree/sub/file")
        try Tool.check("ln", "-s", "file", kade.folder.at("tree/sub/link"))
        let tree = kade.folder.at("tree")
        try kade.check("cp", tree, "box:/new")
        try kade.check("cp", tree, "box:/new")
        try kade.check("cp", "\(tree)/.", "box:/tmp")
        let files = try kade.check("exec", "box", "find", "/new", "/tmp/sub")
        #expect(
            Set(files.split(separator: "\n").map(String.init)) == [
                "/new", "/new/sub", "/new/sub/file", "/new/sub/link", "/new/tree",
                "/new/tree/sub", "/new/tree/sub/file", "/new/tree/sub/link", "/tmp/sub",
                "/tmp/sub/file", "/tmp/sub/link",
            ])
        #expect(try kade.check("exec", "box", "readlink", "/tmp/sub/link") == "file")
        try kade.check("cp", "-L", "box:/tmp/sub/link", kade.folder.at("followed"))
        #expect(try kade.folder.text("followed") == "x")
        for (source, target, words) in [
            (tree, "box:/etc/passwd", "cannot copy directory"),
            ("\(tree)/sub/file/", "box:/tmp", "not a directory"),
            ("\(tree)/sub/file", "box:/none/", "no such directory"),
            (
                "\(tree)/sub/file", "box:/none/file",
                "Could not find the file /none in container box"
            ),
            ("box:/none", kade.folder.at("x"), "Could not find the file /none in container box"),
            ("box:/a", "box:/b", "copying between containers is not supported"),
            (tree, kade.folder.at("y"), "must specify at least one container source"),
        ] {
            let outcome = try kade("cp", source, target)
            #expect(outcome.exitCode == 1)
            #expect(outcome.errors.contains(words))
        }
    }

    @Test(arguments: [Stage.running, .stopped])
    func `links of a hostile container lead nowhere else`(stage: Stage) throws {
        let kade = try Kade.withBusybox()
        try kade.folder.write("secret", to: "host/file")
        let host = kade.folder.at("host")
        try kade.check(
            "run", "-d", "--name", "box", "busybox", "sh", "-c",
            "mkdir -p /a; ln -s \(host) /a/absolute; ln -s ../../../../../..\(host) /a/relative; "
                + "ln -s \(host)/file /a/file; touch /done; exec sleep 600")
        try kade.wait { try kade("exec", "box", "test", "-e", "/done").exitCode == 0 }
        if stage == .stopped { try kade.check("stop", "-t", "0", "box") }
        for path in ["/a/absolute/file", "/a/relative/file", "/a/absolute/.", "/a/relative/"] {
            let outcome = try kade("cp", "-L", "box:\(path)", kade.folder.at("out"))
            #expect(outcome.exitCode == 1)
            #expect(outcome.errors.contains("Could not find the file"))
        }
        try kade.folder.write("changed", to: "new")
        for path in ["/a/absolute/file", "/a/relative/file", "/a/file"] {
            #expect(try kade("cp", kade.folder.at("new"), "box:\(path)").exitCode == 1)
        }
        #expect(try kade.folder.text("host/file") == "secret")
        let into = try kade("cp", kade.folder.at("new"), "box:/a/absolute")
        #expect(into.exitCode == 1)
        #expect(try FileManager.default.contentsOfDirectory(atPath: host) == ["file"])
    }

    @Test(arguments: [Stage.running, .stopped])
    func `archives go both ways`(stage: Stage) throws {
        let kade = try Kade.withBusybox()
        try container(kade, stage)
        try kade.folder.write("one", to: "tree/one")
        try Tool.check("chown", "-R", "1234:5678", kade.folder.at("tree"))
        let line = kade.commandLine(["cp", "-", "box:/tmp"]).joined(separator: " ")
        try Tool.check("sh", "-c", "tar -C \(kade.folder.path) -c tree | \(line)")
        let back = kade.commandLine(["cp", "box:/tmp/tree", "-"]).joined(separator: " ")
        let listing = try Tool.check("sh", "-c", "\(back) | tar -tv --numeric-owner")
        #expect(listing.contains("1234/5678"))
        #expect(listing.contains(" tree/one\n"))
        let content = kade.commandLine(["cp", "box:/tmp/tree/.", "-"]).joined(separator: " ")
        #expect(try Tool.check("sh", "-c", "\(content) | tar -t") == "./\none\n")
        let file = kade.commandLine(["cp", "-", "box:/etc/passwd"]).joined(separator: " ")
        let refused = try Tool.run("sh", "-c", "tar -C \(kade.folder.path) -c tree | \(file)")
        #expect(refused.errors.contains("must be a directory"))
        let damaged = kade.commandLine(["cp", "-", "box:/tmp"]).joined(separator: " ")
        #expect(try Tool.run("sh", "-c", "echo no archive | \(damaged)").exitCode != 0)
    }

    @Test(.rootOnly("files of others have no owner in a user's namespace"))
    func `-a keeps owners, modes and times are always kept`() throws {
        let kade = try Kade.withBusybox()
        try container(kade, .running)
        try kade.folder.write("x", to: "file")
        let file = kade.folder.at("file")
        try Tool.check("chown", "1234:5678", file)
        try Tool.check("chmod", "4750", file)
        try Tool.check("touch", "-d", "@1000000000", file)
        try kade.check("cp", "-a", file, "box:/tmp/kept")
        try kade.check("cp", file, "box:/tmp/given")
        let format = "%u:%g %a %Y"
        #expect(
            try kade.check("exec", "box", "stat", "-c", format, "/tmp/kept")
                == "1234:5678 4750 1000000000")
        #expect(
            try kade.check("exec", "box", "stat", "-c", format, "/tmp/given")
                == "0:0 4750 1000000000")
    }

    @Test(arguments: [Stage.created, .running])
    func `a read-only container takes files in its volumes alone`(stage: Stage) throws {
        let kade = try Kade.withBusybox()
        try container(kade, stage, "--read-only", "-v", "data:/data")
        try kade.folder.write("x", to: "file")
        let refused = try kade("cp", kade.folder.at("file"), "box:/tmp/file")
        #expect(refused.exitCode == 1)
        #expect(refused.errors.contains("container rootfs is marked read-only"))
        try kade.check("cp", kade.folder.at("file"), "box:/data/file")
    }

    @Test func `files with several names keep them, within what is copied`() throws {
        let kade = try Kade.withBusybox()
        try container(kade, .running, "-v", "data:/data")
        let script = """
            mkdir -p t/a t/b
            echo x > t/a/one
            ln t/a/one t/b/two
            ln t/a/one t/three
            ln t/a/one outside
            """
        try Tool.check("sh", "-ec", "cd '\(kade.folder.path)'; \(script)")
        let numbers = """
            stat -c '%h %i' t/a/one t/b/two t/three | sort | uniq -c | awk '{ print $1, $2 }'
            """
        for place in ["/tmp", "/data"] {
            try kade.check("cp", kade.folder.at("t"), "box:\(place)/t")
            #expect(try kade.check("exec", "-w", place, "box", "sh", "-c", numbers) == "3 3")
            // Once more, over what is there.
            try kade.check("cp", kade.folder.at("t"), "box:\(place)")
            #expect(try kade.check("exec", "-w", place, "box", "sh", "-c", numbers) == "3 3")
        }
        try kade.check("cp", "box:/data/t", kade.folder.at("back"))
        #expect(
            try Tool.check(
                "sh", "-c",
                "cd '\(kade.folder.path)' && mkdir x && cd x && ln -s ../back t && "
                    + numbers) == "3 3\n")
        #expect(try kade.folder.text("back/b/two") == "x\n")
    }

    @Test func `what is mounted over a file is written through`() throws {
        let kade = try Kade.withBusybox()
        try container(kade, .running)
        try kade.folder.write("10.1.2.3 there\n", to: "hosts")
        try kade.check("cp", kade.folder.at("hosts"), "box:/etc/hosts")
        #expect(try kade.check("exec", "box", "cat", "/etc/hosts") == "10.1.2.3 there")
    }

    @Test func `nothing of a copy stays mounted`() throws {
        let kade = try Kade.withBusybox()
        try container(kade, .created, "-v", "data:/data")
        try kade.folder.write("x", to: "file")
        try kade.check("cp", kade.folder.at("file"), "box:/data/")
        try kade.wait { try kade.leftovers() == [] }
    }
}
