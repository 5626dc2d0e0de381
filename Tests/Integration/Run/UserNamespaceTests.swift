import Foundation
import Testing

/// `--userns`, `--uidmap` and `--gidmap` of root's containers.
@Suite(.enabled(if: isRoot)) struct UserNamespaceTests {
    let kade: Kade
    let folder: TemporaryFolder

    init() throws {
        kade = try Kade.withBusybox()
        folder = try TemporaryFolder()
        try folder.write("containers:500000:70000\nann:700000:5000\n", to: "subids")
    }

    private let map = ["--uidmap", "0:300000:65536", "--gidmap", "0:400000:65536"]

    /// Runs a command on a machine whose `/etc/subuid` has ranges for some.
    private func call(_ arguments: [String]) throws -> Tool.Outcome {
        try Tool.start(
            [
                "unshare", "-m", "--propagation", "slave", "sh", "-ec",
                "touch /etc/subuid /etc/subgid; mount --bind $0 /etc/subuid;"
                    + " mount --bind $0 /etc/subgid; exec \"$@\"", folder.at("subids"),
            ] + kade.commandLine(arguments), environment: kade.environment
        ).wait()
    }

    private func shell(_ command: String, _ flags: [String]) throws -> Tool.Outcome {
        try call(["run", "--rm"] + flags + ["busybox", "sh", "-c", command])
    }

    private func fields(_ text: String) -> [String] {
        text.split(whereSeparator: \.isWhitespace).map(String.init)
    }

    @Test func `the image's files have their owners inside, and so have new ones`() throws {
        let outcome = try shell(
            "cat /proc/self/uid_map /proc/self/gid_map; id -u; stat -c %u:%g / /bin /home/ann;"
                + " touch /tmp/new; chown 5:6 /tmp/new; stat -c %u:%g /tmp/new; touch /root/own;"
                + " stat -c %u:%g /root/own /etc/hosts /etc/resolv.conf /dev/pts /dev/mqueue;"
                + " ls -d /sys/fs/cgroup; echo x > /dev/null && echo wrote", map)
        try #require(outcome.exitCode == 0, "\(outcome)")
        try #require(outcome.lines.count > 1, "\(outcome)")
        #expect(fields(outcome.lines[0]) == ["0", "300000", "65536"])
        #expect(fields(outcome.lines[1]) == ["0", "400000", "65536"])
        #expect(
            outcome.lines.dropFirst(2) == [
                "0", "0:0", "0:0", "1000:1001", "5:6", "0:0", "0:0", "0:0", "0:0", "0:0",
                "/sys/fs/cgroup", "wrote",
            ], "\(outcome)")
    }

    @Test func `the processes are others on the host, and the written layer's numbers are not`()
        throws
    {
        let id = try kade.check(
            "run", "-d", "--name", "one", "--uidmap", "0:300000:65536", "busybox", "sh", "-c",
            "touch /root/f; chown 1000:1001 /root/f; chmod 4755 /root/f; mkdir /d; rm /bin/wget;"
                + " chown 7 /home/ann; touch /ready; exec sleep 600")
        try kade.wait { try kade("exec", "one", "test", "-e", "/ready").exitCode == 0 }
        let pid = try kade.inspect("one", "{{.State.Pid}}")
        #expect(
            try Tool.check("stat", "-c", "%u:%g", "/proc/\(pid)") == "300000:300000\n")
        let upper = kade.root + "/containers/\(id)/upper"
        #expect(
            try Tool.check(
                "stat", "-c", "%u:%g %a", upper + "/root/f", upper + "/d", upper + "/home/ann")
                == "1000:1001 4755\n0:0 755\n7:1001 755\n")
        #expect(
            try kade.check("diff", "one").split(separator: "\n").sorted()
                .contains("A /root/f"))
        #expect(try kade.inspect("one", "{{.HostConfig.UsernsMode}}") == "private")
        #expect(
            try kade.inspect("one", "{{json .HostConfig.IDMappings}}")
                == #"{"UidMap":["0:300000:65536"],"GidMap":["0:300000:65536"]}"#)
        #expect(try kade.check("exec", "one", "cat", "/proc/self/uid_map").hasSuffix("65536"))
        #expect(try kade.check("exec", "-u", "ann", "one", "id", "-u") == "1000")
        try kade.check("commit", "one", "made")
        let show = "stat -c '%u:%g %a' /root/f /d /home/ann; test -e /bin/wget || echo gone"
        let expected = "1000:1001 4755\n0:0 755\n7:1001 755\ngone"
        #expect(try kade.check("run", "--rm", "made", "sh", "-c", show) == expected)
        #expect(
            try kade.check(
                "run", "--rm", "--uidmap", "0:900000:2000", "made", "sh", "-c", show) == expected)
        try kade.check("export", "-o", folder.at("one.tar"), "one")
        let listing = try Tool.check("tar", "--numeric-owner", "-tvf", folder.at("one.tar"))
        #expect(listing.contains("1000/1001") && listing.contains("7/1001"), "\(listing)")
        #expect(!listing.contains("300000"))
        try kade.check("restart", "-t", "0", "one")
        #expect(
            try kade.check("exec", "one", "stat", "-c", "%u:%g", "/root/f", "/proc/1")
                == "1000:1001\n0:0")
        try kade.check("rm", "-f", "one")
    }

    @Test func `auto gives each container IDs of its own, and takes them back`() throws {
        func created(_ name: String, _ flags: String...) throws -> [String] {
            let outcome = try call(["create", "--name", name] + flags + ["busybox", "true"])
            guard outcome.exitCode == 0 else { return [outcome.errors] }
            return fields(
                try kade.inspect(
                    name,
                    "{{range .HostConfig.IDMappings.UidMap}}{{.}} {{end}}"
                        + "{{range .HostConfig.IDMappings.GidMap}}{{.}} {{end}}"))
        }
        // The image's highest user is 1000, its highest group 1001: Podman's least is enough.
        #expect(try created("aa", "--userns", "auto") == ["0:500000:1024", "0:500000:1024"])
        #expect(
            try created("bb", "--userns=auto:size=5000") == ["0:501024:5000", "0:501024:5000"])
        #expect(
            try created("cc", "--userns=auto", "--user", "3000")
                == ["0:506024:3001", "0:506024:3001"])
        #expect(
            try created("dd", "--userns", "auto:size=10,uidmapping=3:0:2,gidmapping=0:77:1")
                == [
                    "0:509025:3", "3:0:2", "5:509028:5", "0:77:1", "1:509025:9",
                ])
        let refused = try created("ee", "--userns=auto:size=65536")
        #expect(refused.joined().contains("could not find enough available IDs"), "\(refused)")
        try kade.check("rm", "aa", "bb", "cc", "dd")
        #expect(
            try created("ee", "--userns=auto:size=65536") == ["0:500000:65536", "0:500000:65536"])
        let outcome = try shell("cat /proc/self/uid_map; stat -c %u /home/ann", ["--userns=auto"])
        #expect(outcome.lines.last == "1000")
        #expect(fields(outcome.lines.first ?? "") == ["0", "565536", "1024"], "\(outcome)")
    }

    @Test func `auto has a place for whom the image's files belong to, but nobody`() throws {
        try Tool.check("mkdir", folder.at("tree"))
        try folder.write("x", to: "tree/file")
        for (name, owner, count) in [("many", "2500", "2501"), ("nobody", "65534", "1024")] {
            let archive = folder.at("\(name).tar")
            try Tool.check(
                "tar", "-C", folder.at("tree"), "--owner=\(owner)", "--group=0", "-cf", archive,
                "file")
            try kade.check("import", archive, name)
            let outcome = try call(["create", "--name", name, "--userns", "auto", name, "/file"])
            #expect(outcome.exitCode == 0, "\(outcome)")
            let map = try kade.inspect(name, "{{index .HostConfig.IDMappings.UidMap 0}}")
            #expect(map.hasSuffix(":\(count)"), "\(name): \(map)")
        }
    }

    @Test func `a user whom the namespace does not have is refused`() throws {
        let outcome = try shell("true", ["--userns", "auto:size=100", "--user", "2000"])
        #expect(outcome.exitCode == 125)
        #expect(outcome.errors.contains("has no such user or group"), "\(outcome)")
    }

    @Test func `ranges of a name in the files of subordinate IDs`() throws {
        let outcome = try shell(
            "cat /proc/self/uid_map /proc/self/gid_map", ["--subuidname", "ann"])
        #expect(outcome.lines.map(fields) == [["0", "700000", "5000"], ["0", "700000", "5000"]])
        let missing = try shell("true", ["--subgidname", "nobody-there"])
        #expect(missing.exitCode == 125)
        #expect(missing.errors.contains("nobody-there"), "\(missing)")
    }

    @Test func `container: joins another one's users, and may share all else with it`() throws {
        try kade.check(
            "run", "-d", "--name", "first", "--uidmap", "0:300000:65536", "--ipc", "shareable",
            "busybox", "sleep", "600")
        let pid = try kade.inspect("first", "{{.State.Pid}}")
        let user = try Tool.check("readlink", "/proc/\(pid)/ns/user")
        let outcome = try shell(
            "readlink /proc/self/ns/user; stat -c %u /home/ann; ps -o comm | grep -c sleep;"
                + " ls /dev/mqueue | wc -l; ls /sys/class/net",
            [
                "--userns", "container:first", "--pid", "container:first", "--ipc",
                "container:first", "--network", "container:first",
            ])
        #expect(
            outcome.lines.prefix(4) == [user.trimmingCharacters(in: .newlines), "1000", "1", "0"],
            "\(outcome)")
        let network = try shell(
            "readlink /proc/self/ns/user; readlink /proc/self/ns/net",
            ["--userns", "auto", "--network", "container:first"])
        let net = try Tool.check("readlink", "/proc/\(pid)/ns/net")
        #expect(network.lines.count == 2 && network.lines.first.map { $0 + "\n" } != user)
        #expect(network.lines.last.map { $0 + "\n" } == net, "\(network)")
        let other = try shell("true", ["--userns", "auto", "--pid", "container:first"])
        #expect(other.exitCode == 125)
        #expect(other.errors.contains("--userns container:first"), "\(other)")
        try kade.check("rm", "-f", "first")
    }

    @Test func `files that are copied have the owners of the inside`() throws {
        try folder.write("text", to: "file")
        try Tool.check("chown", "1000:1001", folder.at("file"))
        for starts in [false, true] {
            let name = starts ? "runs" : "not"
            try kade.call(["create", "--name", name] + map + ["busybox", "sleep", "600"])
            if starts { try kade.check("start", name) }
            try kade.check("cp", folder.at("file"), "\(name):/plain")
            try kade.check("cp", "-a", folder.at("file"), "\(name):/kept")
            if !starts { try kade.check("start", name) }
            #expect(
                try kade.check("exec", name, "stat", "-c", "%u:%g", "/plain", "/kept")
                    == "0:0\n1000:1001")
            try kade.check("exec", name, "chown", "4:5", "/kept")
            if !starts { try kade.check("stop", "-t", "0", name) }
            try kade.check("cp", "-a", "\(name):/kept", folder.at("out-\(name)"))
            #expect(
                try Tool.check("stat", "-c", "%u:%g", folder.at("out-\(name)")) == "4:5\n")
            try kade.check("rm", "-f", name)
        }
    }

    @Test func `volumes belong to the container's root, binds to whom they belong`() throws {
        try Tool.check("sh", "-c", "mkdir $0/d; touch $0/d/f; chown 0:0 $0/d/f", folder.path)
        let flags =
            map + [
                "-v", "empty:/fresh", "-v", "filled:/home", "-v", "\(folder.path)/d:/bind", "-v",
                "\(folder.path)/d:/own:owner=root", "--tmpfs", "/t", "--mount",
                "type=image,src=busybox,dst=/image",
            ]
        let outcome = try shell(
            "stat -c %u:%g /fresh /home/ann /bind/f /own/f /t /image/home/ann; touch /fresh/x"
                + " /own/new && echo made", flags)
        #expect(
            outcome.lines == [
                "0:0", "1000:1001", "65534:65534", "0:0", "0:0", "1000:1001", "made",
            ], "\(outcome)")
        #expect(
            try Tool.check(
                "stat", "-c", "%u:%g", kade.root + "/volumes/filled/_data/ann",
                folder.path + "/d/new") == "301000:401001\n0:0\n")
    }

    @Test(arguments: [
        (["--userns", "private"], "must provide at least one UID or GID mapping"),
        (["--userns", "keep-id"], "keep-id is only supported in rootless mode"),
        (["--userns", "nomap"], "nomap is only supported in rootless mode"),
        (["--userns", "foo"], "unrecognized namespace mode foo passed"),
        (["--userns", "auto:foo=1"], "unknown option specified: \"foo\""),
        (["--userns", "auto", "--uidmap", "0:1:2"], "mutually exclusive"),
        (["--userns", "container:nobody"], "nobody"),
        (["--userns", "ns:/proc/1/ns/user"], "--uidmap"),
        (["--uidmap", "0:1"], "malformed"),
        (["--uidmap", "1:100000:10"], "it has no root"),
        (["--uidmap", "0:100000:10", "--uidmap", "5:200000:10"], "overlap"),
    ])
    func `what cannot be is refused before anything is made`(
        flags: [String], why: String
    ) throws {
        let outcome = try kade.call(["run", "--rm"] + flags + ["busybox", "true"])
        #expect(outcome.exitCode == 125)
        #expect(outcome.errors.contains(why), "\(outcome)")
        #expect(try kade.check("ps", "-aq").isEmpty)
    }

    @Test func `what shares the host's namespaces shows them`() throws {
        // Where the host has not mounted the queues of its own namespace nobody can show them.
        let hasQueues = FileManager.default.fileExists(atPath: "/dev/mqueue")
        let outcome = try shell(
            "ls /sys/class/net | head -1; ls -d /proc/1; cat /proc/1/comm; ls -d /dev/mqueue",
            map + ["--network", "host", "--pid", "host", "--uts", "host"]
                + (hasQueues ? ["--ipc", "host"] : []))
        try #require(outcome.exitCode == 0 && outcome.lines.count > 2, "\(outcome)")
        #expect(
            outcome.lines[2] + "\n" == (try Tool.check("cat", "/proc/1/comm")), "\(outcome)")
    }

    @Test func `podman's containers show the same`() throws {
        // Podman's own limits are more than a runtime can give in a user namespace.
        try folder.write(
            "[containers]\ndefault_ulimits = [\"nofile=1024:1024\", \"nproc=1024:1024\"]\n",
            to: "containers.conf")
        let script = """
            podman="podman --root $1/graph --runroot $1/run --cgroup-manager cgroupfs"
            podman="$podman --runtime runc" # crun knows no machine with cgroups of both versions
            $podman import -q "$2" busybox > /dev/null
            $podman run --rm --network none --uidmap 0:300000:65536 busybox sh -c "$3"
            """
        let show =
            "cat /proc/self/uid_map; stat -c %u:%g / /home/ann /etc/hosts /dev/shm /proc /sys;"
            + " touch /f; chown 5:6 /f; stat -c %u:%g /f"
        let theirs = try Tool.run(
            "unshare", "-m", "--propagation", "private", "sh", "-c", script, "sh", folder.path,
            try Kade.busyboxArchive.get(), show,
            environment: ["CONTAINERS_CONF": folder.at("containers.conf")])
        let ours = try shell(show, ["--uidmap", "0:300000:65536"])
        try #require(theirs.exitCode == 0, "\(theirs)")
        #expect(ours.lines == theirs.lines, "\(ours) \(theirs)")
        _ = try Tool.run("rm", "-rf", "--one-file-system", folder.path + "/graph")
    }
}
