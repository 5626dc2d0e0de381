import Foundation
import Linux
import SystemPackage
import Testing

/// `--userns` of an ordinary user's containers.
@Suite(.enabled(if: isRoot)) struct RootlessUserNamespaceTests {
    let kade: Kade
    let user: TestUser

    init() throws {
        user = try TestUser()
        kade = try Kade.withBusybox(as: user)
    }

    private func fields(_ text: String) -> [String] {
        text.split(whereSeparator: \.isWhitespace).map(String.init)
    }

    private let id = TestUser.id
    private let count = TestUser.subordinateCount

    @Test func `keep-id: the user is the same inside, and the image's files are their owners'`()
        throws
    {
        try Tool.check("mkdir", kade.folder.at("home"))
        try user.own(kade.folder.at("home"))
        let outcome = try kade.shell(
            "id -u; id -g; id -un; cat /proc/self/uid_map; stat -c %u:%g / /bin /home/ann /etc/hosts;"
                + " touch /mine/made && stat -c %u:%g /mine /mine/made; touch /bin/x || echo denied",
            "--userns", "keep-id", "-v", "\(kade.folder.at("home")):/mine")
        let lines = outcome.lines
        try #require(outcome.exitCode == 0 && lines.count > 6, "\(outcome)")
        #expect(Array(lines[0..<3]) == ["\(id)", "\(id)", "kadetest"])
        #expect(fields(lines[3]) == ["0", "1", "\(id)"])
        #expect(fields(lines[4]) == ["\(id)", "0", "1"])
        #expect(fields(lines[5]) == ["\(id + 1)", "\(id + 1)", "\(count - id)"])
        #expect(
            Array(lines.dropFirst(6)) == [
                "0:0", "0:0", "1000:1001", "0:0", "\(id):\(id)", "\(id):\(id)", "denied",
            ], "\(outcome)")
        #expect(
            try Tool.check("stat", "-c", "%u:%g", kade.folder.at("home/made")) == "\(id):\(id)\n")
    }

    @Test func `keep-id with other numbers, and fewer of them`() throws {
        let outcome = try kade.shell(
            "id -u; id -g; cat /proc/self/uid_map; stat -c %u /home/ann", "--userns",
            "keep-id:uid=200,gid=300,size=2000")
        #expect(
            outcome.lines.map(fields) == [
                ["200"], ["300"], ["0", "1", "200"], ["200", "0", "1"], ["201", "201", "1799"],
                ["1000"],
            ], "\(outcome)")
        let root = try kade.shell(
            "id -u; touch /bin/x; echo made", "--userns", "keep-id", "-u", "0")
        #expect(root.lines == ["0", "made"], "\(root)")
    }

    @Test func `nomap and auto have no place for the user`() throws {
        let show = "id -u; cat /proc/self/uid_map; stat -c %u:%g /home/ann; touch /x; stat -c %u /x"
        let none = try kade.shell(show, "--userns", "nomap")
        #expect(
            none.lines.map(fields) == [["0"], ["0", "1", "\(count)"], ["1000:1001"], ["0"]],
            "\(none)")
        try kade.check("create", "--name", "first", "--userns", "auto:size=3000", "busybox", "true")
        let second = try kade.shell(show, "--userns", "auto")
        #expect(
            second.lines.map(fields) == [["0"], ["0", "3001", "1024"], ["1000:1001"], ["0"]],
            "\(second)")
        let own = try kade.shell(show, "--uidmap", "0:5:2000")
        #expect(own.lines.map(fields).dropFirst().first == ["0", "5", "2000"], "\(own)")
        let refused = try kade.shell(show, "--uidmap", "0:100000000:2000")
        #expect(refused.errors.contains("counted from 0"), "\(refused)")
    }

    @Test func `files of the image keep their capabilities`() throws {
        let tree = kade.folder.at("tree")
        try Tool.check("mkdir", "-p", tree + "/bin")
        try Tool.check("cp", "/bin/busybox", tree + "/bin/busybox-raw")
        // CAP_NET_RAW, which containers have, permitted and effective (linux/capability.h).
        try ExtendedAttributes.set(
            "security.capability",
            to: [1, 0, 0, 2, 0, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
            on: FilePath(tree + "/bin/busybox-raw"))
        let archive = kade.folder.at("tree.tar")
        try Tool.check(
            "tar", "--xattrs", "--xattrs-include=*", "--numeric-owner", "-C", tree, "-cf", archive,
            ".")
        try kade.check("import", archive, "capable")
        for mode in ["host", "keep-id", "nomap", "auto", "keep-id:uid=7,gid=7"] {
            let outcome = try kade(
                "run", "--rm", "--userns", mode, "--user", "1000", "capable", "/bin/busybox-raw",
                "grep", "CapEff", "/proc/self/status")
            #expect(
                fields(outcome.output) == ["CapEff:", "0000000000002000"], "\(mode): \(outcome)")
        }
    }

    @Test func `names of one file are those of one file with other owners, too`() throws {
        let tree = kade.folder.at("tree")
        try Tool.check("mkdir", "-p", tree + "/bin", tree + "/a", tree + "/z/deep")
        try Tool.check("cp", "/bin/busybox", tree + "/bin/busybox")
        try Tool.check(
            "sh", "-ec",
            """
            cd "$1"; echo one > a/first; ln a/first a/second; ln a/first z/deep/third
            ln -s first a/link; ln -P a/link z/link
            chown 1000:1001 a/first; chmod 4755 a/first
            """, "sh", tree)
        let archive = kade.folder.at("tree.tar")
        try Tool.check("tar", "--numeric-owner", "-C", tree, "-cf", archive, ".")
        try kade.check("import", archive, "linked")
        let shell = """
            set -- $(busybox stat -c %i /a/first /a/second /z/deep/third /a/link /z/link)
            [ $1 = $2 ] && [ $1 = $3 ] && [ $4 = $5 ] && echo same
            busybox stat -c '%h %u:%g %a' /a/first /z/deep/third /z/link
            """
        for mode in ["host", "keep-id", "nomap", "auto"] {
            let outcome = try kade(
                "run", "--rm", "--userns", mode, "--user", "0", "linked", "/bin/busybox", "sh",
                "-c", shell)
            #expect(
                outcome.lines
                    == ["same", "3 1000:1001 4755", "3 1000:1001 4755", "2 0:0 777"],
                "\(mode): \(outcome)")
        }
    }

    @Test func `a data root that nobody else may enter does for all of them`() throws {
        try Tool.check("chmod", "700", kade.folder.path)
        for mode in ["keep-id", "nomap", "auto"] {
            let outcome = try kade.shell("stat -c %u /home/ann", "--userns", mode)
            #expect(outcome.output == "1000\n", "\(mode): \(outcome)")
        }
    }

    @Test func `a whole life, its changes, its copies and its image have the owners of the inside`()
        throws
    {
        try kade.check(
            "run", "-d", "--name", "one", "--userns", "keep-id", "-u", "0", "busybox", "sh", "-c",
            "touch /root/f; chown 1000:1001 /root/f; chown 7 /home/ann; touch /ready;"
                + " exec sleep 600")
        try kade.wait { try kade("exec", "one", "test", "-e", "/ready").exitCode == 0 }
        #expect(try kade.check("exec", "-u", "ann", "one", "id", "-u") == "1000")
        #expect(
            try kade.check("diff", "one").split(separator: "\n").sorted()
                == ["A /ready", "A /root/f", "C /home", "C /home/ann", "C /root"])
        try kade.check("commit", "one", "made")
        #expect(
            try kade.check("run", "--rm", "made", "stat", "-c", "%u:%g", "/root/f", "/home/ann")
                == "1000:1001\n7:1001")
        try kade.check("export", "-o", kade.folder.at("one.tar"), "one")
        let listing = try Tool.check("tar", "--numeric-owner", "-tvf", kade.folder.at("one.tar"))
        let owners = listing.split(separator: "\n").compactMap {
            fields(String($0)).dropFirst().first
        }
        #expect(Set(owners) == ["0/0", "1000/1001", "7/1001"], "\(Set(owners))")
        try kade.check("cp", kade.folder.at("one.tar"), "one:/copied")
        #expect(
            try kade.check("exec", "one", "stat", "-c", "%u:%g", "/copied") == "0:0")
        try kade.check("restart", "-t", "0", "one")
        #expect(try kade.check("exec", "one", "stat", "-c", "%u:%g", "/root/f") == "1000:1001")
        #expect(try kade.inspect("one", "{{.HostConfig.UsernsMode}}") == "keep-id")
        try kade.check("rm", "-f", "one")
        let copies = {
            try Tool.run("ls", self.kade.root + "/owned").lines.filter { !$0.hasSuffix(".lock") }
        }
        #expect(try copies().count == 1)
        try kade.check("rmi", "-f", "made")
        // No container has it any more.
        let used = try kade.check(
            "system", "df", "--format", "{{.Type}} {{.Size}} {{.Reclaimable}}")
        #expect(used.split(separator: "\n").first?.hasSuffix("(100%)") == true, "\(used)")
        try kade.check("rmi", "-f", "busybox")
        try kade.check("image", "prune", "-f", "-a")
        #expect(try copies() == [])
    }

    /// CAP_CHOWN, permitted and effective (`struct vfs_cap_data`).
    private static let programs = """
        mkdir -p "$0/bin"
        cp "$(command -v busybox)" "$0/bin/busybox"
        ln -s busybox "$0/bin/grep"
        python3 -c 'import os, sys
        value = bytes.fromhex("01000002" + "01000000" + "00" * 12)
        os.setxattr(sys.argv[1], "security.capability", value)' "$0/bin/busybox"
        tar --xattrs --xattrs-include='*' -C "$0" -cf "$1" .
        """

    @Test(arguments: ["host", "nomap", "keep-id"])
    func `a program's own capabilities are its own in a copy, too`(mode: String) throws {
        let archive = kade.folder.at("programs.tar")
        try Tool.check(
            "sh", "-ec", Self.programs, kade.folder.at("tree"), archive)
        try kade.check("import", archive, "programs")
        #expect(
            try kade.check(
                "run", "--rm", "--userns", mode, "-u", "1000", "programs", "grep", "CapEff",
                "/proc/self/status") == "CapEff:\t0000000000000001")
    }

    @Test func `what killed commands leave of copies is none, and goes`() throws {
        try kade.check("run", "--rm", "--userns", "nomap", "busybox", "true")
        let owned = kade.root + "/owned"
        let copy = try #require(
            try Tool.check("ls", owned).split(separator: "\n").first { $0.contains("-") })
        // One that is half made, and one that is half removed: its name is no copy's any more.
        try Tool.check("mkdir", "-p", owned + "/new/upper/etc", owned + "/gone-\(copy)/etc")
        try Data(count: 1_000_000).write(to: URL(fileURLWithPath: owned + "/gone-\(copy)/file"))
        try Tool.check("chown", "-R", "\(id):\(id)", owned + "/new", owned + "/gone-\(copy)")
        #expect(try kade.shell("stat -c %u /home/ann", "--userns", "nomap").output == "1000\n")
        #expect(
            try kade.shell("stat -c %u /home/ann", "--userns", "keep-id").output == "1000\n")
        let pruned = try kade.check("image", "prune", "-f")
        #expect(pruned.contains("reclaimed space: 1."), "\(pruned)")
        let left = try Tool.check("ls", owned).split(separator: "\n")
        #expect(left.filter { !$0.hasSuffix(".lock") }.count == 2, "\(left)")
        #expect(left.contains { $0 == copy })
        #expect(!left.contains { $0.hasPrefix("gone-") || $0 == "new" })
        // The same name is needed again by a copy that goes now.
        for name in left where name.contains("-") {
            try Tool.check("mkdir", "-p", owned + "/gone-\(name)/etc")
            try Tool.check("chown", "-R", "\(id):\(id)", owned + "/gone-\(name)")
        }
        try kade.check("rmi", "-f", "busybox")
        try kade.check("image", "prune", "-f", "-a")
        let locks = try Tool.check("ls", owned).split(separator: "\n")
        #expect(locks.allSatisfy { $0.hasSuffix(".lock") }, "\(locks)")
    }

    @Test func `commands at once make one copy, also while others collect garbage`() throws {
        let running = try (0..<6).map { number in
            number % 3 == 2
                ? try kade.start("image", "prune", "-f")
                : try kade.start(
                    "run", "--rm", "--userns", "nomap", "busybox", "stat", "-c", "%u", "/home/ann")
        }
        for (number, command) in running.enumerated() {
            let outcome = try command.wait()
            #expect(outcome.exitCode == 0, "\(outcome)")
            if number % 3 != 2 { #expect(outcome.output == "1000\n", "\(outcome)") }
        }
        #expect(
            try Tool.check("ls", kade.root + "/owned").split(separator: "\n")
                .filter { $0.contains("-") }.count == 1)
    }

    @Test func `a network of its own is of no other user namespace`() throws {
        let outcome = try kade.shell(
            "ls /sys/class/net; cat /proc/self/uid_map | wc -l", "--userns", "keep-id", "--network",
            "none")
        #expect(outcome.lines.last == "3", "\(outcome)")
        let joined = try kade.check(
            "run", "-d", "--name", "first", "--userns", "keep-id", "busybox", "sleep", "600")
        #expect(!joined.isEmpty)
        let second = try kade.shell(
            "id -u; readlink /proc/self/ns/user", "--userns", "container:first")
        let pid = try kade.inspect("first", "{{.State.Pid}}")
        #expect(
            second.lines.last
                == (try Tool.check("readlink", "/proc/\(pid)/ns/user")).trimmingCharacters(
                    in: .newlines))
        try kade.check("rm", "-f", "first")
    }
}
