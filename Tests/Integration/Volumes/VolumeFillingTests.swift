import Foundation
import Testing

/// What an empty volume gets of the image, and what is left of that when somebody is killed.
@Suite struct VolumeFillingTests {
    let kade: Kade
    /// The image's `/data`.
    private let source: String

    init() throws {
        kade = try Kade.withBusybox()
        let (tree, archive) = (kade.folder.at("tree"), kade.folder.at("tree.tar"))
        source = tree + "/data"
        try Tool.check(
            "sh", "-ec", Self.image, "sh", tree, archive, try Kade.busyboxArchive.get())
        try kade.check("import", archive, "tree")
    }

    /// Makes a root file system `$1` and its archive `$2` out of another archive, `$3`.
    private static let image = """
        mkdir "$1"
        tar -C "$1" -xf "$3"
        mkdir -p "$1/data/deep/er" "$1/data/empty"
        cd "$1/data"
        echo one > file
        echo two > deep/er/file
        ln file deep/second
        ln deep/er/file third
        ln -s deep/er link
        mkfifo -m 640 fifo
        cp /bin/busybox program
        chmod 4755 program
        chmod 1777 empty
        chmod 750 .
        python3 -c 'import os
        os.setxattr("file", "user.note", b"kept")
        os.setxattr("deep", "user.note", b"of a directory")
        if os.environ.get("KADE_TEST_AS") is None:
            os.setxattr("program", "security.capability", bytes.fromhex("0100000201" + "00" * 15))'
        find . -depth -exec touch -h -d '2001-02-03 04:05:06.123456789 UTC' {} +
        tar -C "$1" --format=pax --xattrs --xattrs-include='*' -cf "$2" .
        """

    /// Lists a directory in `$1`: kinds, modes, links, times, attributes and content.
    private static let listing = """
        cd "$1"
        find . -printf '%p %y %m %n %T@ %l\\n' | sort
        find . -type f -print0 | sort -z | xargs -0 sha256sum
        find . -type f -links +1 -printf '%i %p\\n' | sort |
        awk '{ line[$1] = line[$1] " " $2 } END { for (i in line) print line[i] }' | sort
        find . ! -type l -print0 | sort -z | xargs -0 python3 -c 'import os, sys
        for path in sys.argv[1:]:
            for name in sorted(os.listxattr(path)):
                if "overlay" not in name: print(path, name, os.getxattr(path, name))'
        """

    private func list(_ directory: String) throws -> String {
        try Tool.check("sh", "-ec", Self.listing, "sh", directory)
    }

    /// The listing without its first line: the time of the directory itself is not kept by who finishes
    /// what another has begun.
    private func listContent(_ directory: String) throws -> Substring {
        try list(directory).drop { $0 != "\n" }
    }

    private func directory(_ volume: String) -> String { "\(kade.root)/volumes/\(volume)/_data" }

    @Test func `a volume gets all that is said of the image's files`() throws {
        let expected = try list(source)
        #expect(expected.contains("user.note b'kept'"))
        #expect(expected.contains("981173106.1234567890"))
        #expect(expected.contains(" ./deep/second ./file") || expected.contains("./file ./deep"))
        try kade.check("create", "-v", "plain:/data", "tree", "true")
        #expect(try list(directory("plain")) == expected)
        // What the volume's options mount is filled by the monitor.
        let other = kade.folder.at("other")
        try kade.tool("mkdir", other)
        try bind(other, as: "bound")
        try kade.check("run", "--rm", "-v", "bound:/data", "tree", "true")
        #expect(try list(other) == expected)
        // A part of a volume, too.
        try kade.check("volume", "create", "parts")
        try kade.tool("mkdir", directory("parts") + "/one")
        try kade.check(
            "create", "--mount", "src=parts,dst=/data,volume-subpath=one", "tree", "true")
        #expect(try list(directory("parts") + "/one") == expected)
    }

    private func bind(_ directory: String, as volume: String) throws {
        try kade.check(
            "volume", "create", "-o", "type=none", "-o", "device=\(directory)", "-o", "o=bind",
            volume)
    }

    @Test func `what was killed on the way is brought to its end, and nothing is lost`() throws {
        try kade.check("volume", "create", "half")
        try kade.tool(
            "sh", "-ec",
            """
            cd "$1"; mkdir -p .kade-filling/x .kade-filled/b
            echo copied > .kade-filled/a; echo copied > .kade-filled/b/c; chmod 700 .kade-filled
            echo own > a
            """, "sh", directory("half"))
        let outcome = try kade.shell("cat /v/a /v/b/c; ls -A /v", "-v", "half:/v:nocopy")
        #expect(outcome.lines == ["own", "copied", "a", "b"], "\(outcome)")
        #expect(try Tool.check("stat", "-c", "%a", directory("half")) == "700\n")
        // Half a copy is none: whoever exports the volume has not seen it.
        try kade.tool("mkdir", "-p", directory("half") + "/.kade-filling/x")
        try kade.check("volume", "export", "-o", kade.folder.at("half.tar"), "half")
        #expect(!(try Tool.check("tar", "-tf", kade.folder.at("half.tar"))).contains("kade"))
    }

    @Test func `what somebody else calls a copy leaves the volume's directory as it is`() throws {
        try kade.check("volume", "create", "shared")
        try kade.tool(
            "sh", "-ec",
            """
            cd "$1"; mkdir -m 700 .kade-filled; echo mine > .kade-filled/a; ln -s / .kade-filling
            chmod 1777 .
            """, "sh", directory("shared"))
        #expect(try kade.shell("ls -A /v", "-v", "shared:/v").lines == ["a"])
        #expect(try Tool.check("stat", "-c", "%a", directory("shared")) == "1777\n")
        // Nor does a link that has the name lead anywhere.
        try kade.tool("ln", "-s", "/", directory("shared") + "/.kade-filled")
        #expect(
            try kade.shell("ls -A /v", "-v", "shared:/v").lines == [".kade-filled", "a"])
    }

    @Test func `who has the volume already sees what comes into it`() throws {
        try kade.check(
            "run", "-d", "--name", "first", "-v", "named:/v:nocopy", "busybox", "sleep", "600")
        try kade.check("create", "-v", "named:/data", "tree", "true")
        #expect(try kade.check("exec", "first", "cat", "/v/deep/er/file") == "two")
    }

    @Test func `containers that start at once all see the whole content`() throws {
        let other = kade.folder.at("other")
        try kade.tool("mkdir", other)
        try bind(other, as: "bound")
        let running = try (0..<6).map { number in
            try kade.start(
                "run", "--rm", "-v", (number % 2 == 0 ? "bound" : "plain") + ":/data", "tree", "sh",
                "-c", "ls -A /data && cat /data/third")
        }
        for command in running {
            let outcome = try command.wait()
            #expect(
                outcome.lines == [
                    "deep", "empty", "fifo", "file", "link", "program", "third", "two",
                ], "\(outcome)")
        }
    }

    @Test func `a command that is killed at any call leaves all or nothing`() throws {
        let expected = try listContent(source)
        let command = kade.commandLine(
            ["create", "--name", "one", "-v", "named:/data", "tree", "true"])
        try walk {
            try Tool.start(["strace"] + $0 + command, environment: kade.environment).wait()
        } afterwards: { point in
            // Nobody sees a part, not even who wants no copy.
            let seen = try kade.shell("ls -A /v", "-v", "named:/v:nocopy").lines
            #expect(seen.isEmpty || seen.count == 7, "\(point): \(seen)")
            if try kade.check("ps", "-aq").isEmpty {
                try kade.check("create", "-v", "named:/data", "tree", "true")
            } else {
                try kade.check("start", "-a", "one")
            }
            #expect(try listContent(directory("named")) == expected, "\(point)")
            for id in try kade.check("ps", "-aq").split(separator: "\n") {
                try kade.check("rm", "-f", String(id))
            }
            try kade.check("volume", "rm", "named")
        }
    }

    @Test func `a monitor that is killed at any call leaves all or nothing`() throws {
        let expected = try listContent(source)
        let other = kade.folder.at("other")
        try kade.tool("mkdir", other)
        try bind(other, as: "bound")
        let programs = try TracedMonitor(in: kade.folder.at("programs"))
        kade.programs = programs.directory
        let command = kade.commandLine(
            ["run", "--name", "one", "-v", "bound:/data", "tree", "true"])
        kade.programs = nil
        try walk {
            try programs.traceNext(with: $0)
            return try Tool.start(command, environment: kade.environment).wait()
        } afterwards: { point in
            try kade.check("run", "--rm", "-v", "bound:/data", "tree", "true")
            #expect(try listContent(other) == expected, "\(point)")
            for id in try kade.check("ps", "-aq").split(separator: "\n") {
                try kade.check("rm", "-f", String(id))
            }
            try kade.tool("sh", "-c", "rm -rf $1 && mkdir $1", "sh", other)
        }
    }

    /// Kills a run at each call by which it fills a volume.
    ///
    /// - Parameters:
    ///   - run: does it with these options of strace for what is to be killed.
    ///   - afterwards: what is to be after each, and the way back.
    /// - Throws: what these throw, and when strace has recorded no filling.
    private func walk(
        _ run: ([String]) throws -> Tool.Outcome, afterwards: (String) throws -> Void
    ) throws {
        let calls =
            "mkdirat,linkat,symlinkat,mknodat,renameat2,unlinkat,write,fchown,fchownat,"
            + "fchmod,fsetxattr,utimensat,syncfs"
        _ = try run(["-o", kade.folder.at("trace"), "-e", "trace=\(calls)"])
        try afterwards("undisturbed")
        let lines = try kade.folder.text("trace").split(separator: "\n").map(String.init)
        let first = try #require(lines.firstIndex { $0.contains(".kade-filling") })
        let last = try #require(lines.lastIndex { $0.contains(".kade-fill") })
        #expect(last - first > 30, "strace has recorded little: \(lines)")
        var counts: [Substring: Int] = [:]
        for (index, line) in lines.enumerated() {
            let call = line.prefix { $0 != "(" }
            counts[call, default: 0] += 1
            // Of the pieces of a file one is enough.
            guard (first...last).contains(index), call != "write" || index % 8 == 0 else {
                continue
            }
            let number = counts[call, default: 0]
            _ = try run([
                "-o", "/dev/null", "-e", "trace=\(call)",
                "--inject=\(call):signal=KILL:when=\(number)",
            ])
            try afterwards(line)
        }
    }
}
