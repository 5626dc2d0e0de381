import Foundation
import Testing

/// Volumes in containers: what they begin with, who shares them, and what their options mount.
@Suite struct VolumeUseTests {
    let kade: Kade

    init() throws {
        kade = try Kade.withBusybox()
    }

    private func file(_ path: String, of volume: String) -> String {
        "\(kade.root)/volumes/\(volume)/_data/\(path)"
    }

    @Test(.rootOnly("on the host the owners are subordinate ids"))
    func `copying up follows Docker's rules`() throws {
        // Owner and mode come with it, before the container ever runs.
        try kade.check("create", "-v", "ann:/home/ann", "-v", "temp:/tmp", "busybox", "true")
        #expect(
            try Tool.check("stat", "-c", "%u:%g %a", file("", of: "ann"), file("", of: "temp"))
                == "1000:1001 755\n0:0 1777\n")
        try kade.check("create", "-v", "home:/home", "busybox", "true")
        #expect(FileManager.default.fileExists(atPath: file("ann", of: "home")))
        // Not into a volume that has something.
        try kade.check("volume", "create", "full")
        try Tool.check("touch", file("own", of: "full"))
        #expect(try kade.shell("ls /home", "-v", "full:/home").output == "own\n")
        // Not when it is not wanted, nor from a place that the image does not have.
        #expect(try kade.shell("ls /home", "-v", "bare:/home:nocopy").output.isEmpty)
        #expect(try kade.shell("ls /none", "-v", "bare:/none").output.isEmpty)
        // A volume that is still empty gets it from the next container.
        #expect(try kade.shell("ls /home", "-v", "bare:/home").output == "ann\n")
        // What a container has taken out stays out.
        let id = try kade.check(
            "run", "-d", "-v", "once:/home", "busybox", "rmdir", "/home/ann")
        try kade.check("wait", id)
        #expect(try kade("start", "-a", id).exitCode == 1)
    }

    @Test func `--volumes-from gives another container's mounts, and keeps its volumes`() throws {
        let folder = try TemporaryFolder()
        try folder.write("host\n", to: "file")
        try kade.check(
            "create", "--name", "source", "-v", "/anon", "-v", "named:/named", "-v",
            "\(folder.path):/bound", "--tmpfs", "/tmpfs", "busybox", "true")
        let write = try kade.shell(
            "echo kept | tee /anon/a > /named/n; cat /bound/file; ls -d /tmpfs",
            "--volumes-from", "source")
        #expect(write.output == "host\n", "\(write)")
        // The volume of --rm is another's.
        let read = try kade.shell(
            "cat /anon/a /named/n /bound/file; touch /anon/no || echo denied",
            "--volumes-from", "source:ro")
        #expect(read.lines == ["kept", "kept", "host", "denied"], "\(read)")
        try kade.check(
            "create", "--name", "heir", "--volumes-from", "source", "busybox", "cat", "/anon/a")
        #expect(try kade.inspect("heir", "{{json .HostConfig.VolumesFrom}}") == #"["source"]"#)
        #expect(try kade.inspect("heir", "{{json .HostConfig.Binds}}") == "null")
        #expect(try kade.inspect("heir", "{{len .Mounts}}") == "3")
        try kade.check("rm", "-v", "source")
        #expect(try kade.check("start", "-a", "heir") == "kept")
        try kade.check("rm", "-v", "heir")
        #expect(try kade.check("volume", "ls", "-q") == "named")
        // Its own mount wins over one of the same place.
        try kade.check("create", "--name", "base", "-v", "named:/d", "busybox", "true")
        let own = try kade.shell(
            "ls /d", "--volumes-from", "base", "-v", "\(folder.path):/d")
        #expect(own.output == "file\n", "\(own)")
    }

    @Test func `a subpath is mounted alone, and no link leads out of the volume`() throws {
        try kade.check("volume", "create", "data")
        try kade.tool(
            "sh", "-c",
            """
            cd $1; mkdir -p a/b; echo deep > a/b/file; echo root > file
            ln -s / out; ln -s ../../../../../../etc up; ln -s /a absolute
            """, "sh", file("", of: "data"))
        func mount(_ subpath: String) throws -> Tool.Outcome {
            try kade.shell(
                "cat /d/file 2>/dev/null || ls -a /d", "--mount",
                "src=data,dst=/d,volume-subpath=\(subpath)")
        }
        #expect(try mount("a/b").output == "deep\n")
        #expect(try mount("absolute/b").output == "deep\n")
        // `/` is the volume itself.
        #expect(try mount("out").output == "root\n")
        let missing = try mount("a/none")
        #expect(missing.exitCode == 125)
        #expect(missing.errors.contains("cannot mount a/none of volume data"), "\(missing)")
        #expect(try mount("up").exitCode == 125)
        let file = try kade.shell("cat /f", "--mount", "src=data,dst=/f,volume-subpath=a/b/file,ro")
        #expect(file.output == "deep\n", "\(file)")
        // A subpath that is empty gets the image's content.
        try kade.check("volume", "create", "more")
        try kade.tool("mkdir", self.file("part", of: "more"))
        let filled = try kade.shell("ls /home", "--mount", "src=more,dst=/home,volume-subpath=part")
        #expect(filled.output == "ann\n", "\(filled)")
        try kade.wait { try kade.leftovers().isEmpty }
    }

    /// Where its monitor removed it, a container whose sources could not all be mounted took with it
    /// what lay in those that had been.
    @Test func `a start that fails after mounts leaves volumes as they are`() throws {
        try kade.check("volume", "create", "data")
        try kade.tool("sh", "-c", "mkdir $1/a; echo kept > $1/a/file", "sh", file("", of: "data"))
        for flags in [["run", "--rm"], ["run", "-d", "--rm"]] {
            for _ in 0..<15 {
                let outcome = try kade.call(
                    flags + ["--mount", "src=data,dst=/d,volume-subpath=none", "busybox", "true"])
                #expect(outcome.exitCode == 125)
                try kade.wait { try kade.check("ps", "-aq").isEmpty }
            }
        }
        try kade.wait { try kade.leftovers().isEmpty }
        #expect(try Tool.check("cat", file("a/file", of: "data")) == "kept\n")
    }

    @Test func `options are mounted for the container alone, and two of them share it`() throws {
        try kade.check(
            "volume", "create", "-o", "type=tmpfs", "-o", "device=tmpfs", "-o",
            "o=size=64k,noexec", "scratch")
        #expect(
            try kade.check("volume", "inspect", "-f", "{{json .Options}}", "scratch")
                == #"{"device":"tmpfs","o":"size=64k,noexec","type":"tmpfs"}"#)
        try kade.check("run", "-d", "--name", "one", "-v", "scratch:/s", "busybox", "sleep", "600")
        #expect(try kade.check("exec", "one", "grep", " /s ", "/proc/mounts").contains("size=64k"))
        #expect(try kade.check("exec", "one", "grep", " /s ", "/proc/mounts").contains("noexec"))
        try kade.check("exec", "one", "sh", "-c", "echo shared > /s/file")
        // The other way too, whoever was first; a subpath of it as well.
        let second = try kade.shell("cat /t/file; echo back > /t/back", "-v", "scratch:/t")
        #expect(second.output == "shared\n", "\(second)")
        let part = try kade.shell(
            "cat /f", "--mount", "src=scratch,dst=/f,volume-subpath=file")
        #expect(part.output == "shared\n", "\(part)")
        #expect(try kade.check("exec", "one", "cat", "/s/back") == "back")
        #expect(
            try Tool.check("cat", "/proc/self/mounts").contains("\(kade.root)/volumes") == false)
        let directory = try FileManager.default.contentsOfDirectory(
            atPath: file("", of: "scratch"))
        #expect(directory.isEmpty)
        // The monitors of the other two hold what is mounted until they end.
        try kade.wait {
            try kade.processes().filter { $0.value.range(of: Data("monitor".utf8)) != nil }.count
                == 1
        }
        try kade.check("restart", "-t", "0", "one")
        #expect(try kade("exec", "one", "cat", "/s/file").exitCode == 1)
        try kade.check("rm", "-f", "one")
        // With the last one all is gone.
        #expect(try kade.shell("ls /s", "-v", "scratch:/s").output.isEmpty)
        #expect(try kade.check("volume", "rm", "scratch") == "scratch")
        try kade.wait { try kade.leftovers().isEmpty }
    }

    @Test func `what is mounted gets the image's content while it is empty`() throws {
        let mount =
            "type=volume,src=warm,dst=/home,volume-opt=type=tmpfs,volume-opt=device=tmpfs"
        #expect(try kade.shell("ls /home", "--mount", mount).output == "ann\n")
        #expect(try kade.shell("ls /home", "--mount", mount + ",volume-nocopy").output.isEmpty)
    }

    @Test func `a bind of the host is a volume too`() throws {
        let folder = try TemporaryFolder()
        try folder.write("host\n", to: "file")
        try kade.check(
            "volume", "create", "-o", "type=none", "-o", "device=\(folder.path)", "-o", "o=bind,ro",
            "bound")
        let outcome = try kade.shell("cat /d/file; touch /d/x || echo denied", "-v", "bound:/d")
        #expect(outcome.lines == ["host", "denied"], "\(outcome)")
    }

    @Test func `cp into a container that does not run reaches what its volumes are`() throws {
        let folder = try TemporaryFolder()
        try folder.write("copied\n", to: "from/file")
        try folder.write("", to: "to/keep")
        try kade.check(
            "volume", "create", "-o", "type=none", "-o", "device=\(folder.at("to"))", "-o",
            "o=bind",
            "bound")
        try kade.check("volume", "create", "data")
        try kade.tool("mkdir", file("part", of: "data"))
        try kade.check(
            "create", "--name", "still", "-v", "bound:/d", "--mount",
            "src=data,dst=/p,volume-subpath=part", "busybox", "true")
        try kade.check("cp", folder.at("from/file"), "still:/d/new")
        try kade.check("cp", folder.at("from/file"), "still:/p/new")
        #expect(try folder.text("to/new") == "copied\n")
        #expect(try Tool.check("cat", file("part/new", of: "data")) == "copied\n")
        try kade.wait { try kade.leftovers().isEmpty }
    }

    @Test(arguments: [
        (["type=nofs", "device=x"], "this kernel has no file system \"nofs\""),
        (["type=tmpfs", "device=tmpfs", "o=size=many"], "Bad value for 'size'"),
        (["type=ext4", "device=/dev/null"], "the kernel refuses mount -t ext4 /dev/null"),
        (["type=ext4", "device=/dev/no-such"], "the kernel refuses mount -t ext4 /dev/no-such"),
        (["type=none", "device=/nowhere/at/all", "o=bind"], "No such file or directory"),
    ])
    func `what the kernel refuses is said, and nothing stays`(
        options: [String], why: String
    ) throws {
        try kade.call(["volume", "create"] + options.flatMap { ["-o", $0] } + ["data"])
        let outcome = try kade.shell("true", "-v", "data:/d")
        #expect(outcome.exitCode == 125)
        #expect(outcome.errors.contains("cannot mount volume data"), "\(outcome)")
        #expect(outcome.errors.contains(why), "\(outcome)")
        // What the kernel says ends with a newline, which is none of the text.
        let more = outcome.errors.split(separator: "\n").dropFirst()
        #expect(more.allSatisfy { $0.hasPrefix("      ") }, "\(outcome)")
        #expect(try kade.check("ps", "-aq").isEmpty)
        try kade.wait { try kade.leftovers().isEmpty }
    }

    @Test func `an image is mounted read-only, and its layers stay meanwhile`() throws {
        try kade.check("create", "--name", "maker", "busybox", "true")
        try kade.check("commit", "-c", "LABEL x=y", "maker", "other:1")
        try kade.check("rm", "maker")
        let outcome = try kade.shell(
            "cat /i/etc/passwd | head -n 1; touch /i/x || echo denied; cat /e/group | head -n 1",
            "--mount", "type=image,source=other:1,target=/i", "--mount",
            "type=image,src=other:1,dst=/e,image-subpath=etc")
        #expect(
            outcome.lines == ["root:x:0:0:root:/root:/bin/sh", "denied", "root:x:0:"], "\(outcome)")
        try kade.check(
            "create", "--name", "user", "--mount", "type=image,src=other:1,dst=/i", "busybox", "ls",
            "/i/home")
        #expect(
            try kade.inspect("user", "{{json .HostConfig.Mounts}}")
                == #"[{"Type":"image","Source":"other:1","Target":"/i","ReadOnly":true}]"#)
        try kade.check("rmi", "other:1")
        try kade.check("image", "prune", "-f")
        #expect(try kade.check("start", "-a", "user") == "ann")
        let missing = try kade.shell("true", "--mount", "type=image,src=none:1,dst=/i")
        #expect(missing.exitCode == 125)
        try kade.check("rm", "user")
        try kade.wait { try kade.leftovers().isEmpty }
    }
}
