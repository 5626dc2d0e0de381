import Foundation
import Testing

/// Layers that have every file once over all of them; what every kind of layer does, SnapshotterTests
/// says.
@Suite(.enabled(if: isRoot && canShareFiles)) struct ComposefsTests {
    /// A store whose images `one` and `two` have `big` in common.
    private final class Store {
        let kade: Kade
        private let folder: TemporaryFolder

        init() throws {
            kade = try Kade(environment: ["KADE_SNAPSHOTTER": "composefs"])
            folder = try TemporaryFolder()
            let script = """
                cd "$1"; mkdir context one two; seq 1 20000 > one/big; cp one/big two/big
                seq 1 3000 > one/one; seq 1 4000 > two/two; mkdir one/bin two/bin
                for tree in one two; do
                    cp /bin/busybox $tree/bin; ln -s busybox $tree/bin/sh
                    ln -s busybox $tree/bin/cat; ln -s busybox $tree/bin/id
                    tar -C $tree -cf $tree.tar .
                done
                """
            try Tool.check("sh", "-ec", script, "sh", folder.path)
        }

        func add(_ name: String) throws { try kade.check("import", folder.at("\(name).tar"), name) }

        /// Makes a Dockerfile.
        func write(_ text: String) throws { try folder.write(text, to: "context/Dockerfile") }

        var buildContext: String { folder.at("context") }

        /// The paths of all objects.
        func objects() throws -> [String] {
            try Tool.check("find", objectsDirectory, "-type", "f", "-printf", "%p\\n")
                .split(separator: "\n").map(String.init)
        }

        var objectsDirectory: String { kade.root + "/layers/objects" }

        /// The object that begins as a file does.
        func object(like file: String) throws -> String {
            let digest = try Tool.check("sha256sum", folder.at(file)).prefix(64)
            return "\(objectsDirectory)/\(digest.prefix(2))/\(digest)"
        }

        /// Changes bytes of a file that nobody may write.
        func damage(_ object: String) throws {
            try Tool.check(
                "sh", "-ec", "chmod u+w $1; printf X | dd of=$1 bs=1 seek=1000 conv=notrunc", "sh",
                object)
        }
    }

    @Test func `what two images have in common is there once, until both are gone`() throws {
        let store = try Store()
        try store.add("one")
        let before = try store.objects()
        #expect(before.count == 3)
        try store.add("two")
        #expect(Set(try store.objects()) == Set(before + [try store.object(like: "two/two")]))
        for name in try store.objects() {
            let digest = try Tool.check("sha256sum", name).prefix(64)
            #expect(name.hasSuffix("/\(digest)"))
            #expect(try Tool.check("stat", "-c", "%h %a %u", name) == "1 400 0\n")
        }
        let kade = store.kade
        // One inode in both containers, each of which may change its own.
        try kade.check("run", "--name", "writer", "one", "sh", "-c", "echo own >> /big")
        #expect(try kade.check("run", "--rm", "two", "cat", "/big").hasSuffix("\n20000"))
        #expect(try kade.check("start", "-a", "writer").isEmpty)
        #expect(try kade.check("diff", "writer") == "C /big")
        let sizes = try kade.check(
            "system", "df", "-v", "--format", "{{.TotalBytes}} {{range .Parts}}{{.Bytes}} {{end}}"
        ).split(separator: " ").compactMap { Int($0) }
        #expect(sizes.first == sizes.dropFirst().reduce(0, +))
        #expect(sizes.allSatisfy { $0 >= 0 })
        try kade.check("rm", "writer")
        try kade.check("rmi", "one")
        let left = try store.objects()
        #expect(!left.contains(try store.object(like: "one/one")))
        #expect(left.count == 3)
        #expect(try kade.check("run", "--rm", "two", "cat", "/two").hasSuffix("\n4000"))
        try kade.check("rmi", "two")
        #expect(try store.objects().isEmpty)
    }

    @Test func `whoever reads layers without an overlay reads what is in their files`() throws {
        let store = try Store()
        try store.add("one")
        let kade = store.kade
        try kade.check("create", "--name", "idle", "one", "true")
        #expect(try kade.check("cp", "idle:/one", "-").contains("\n3000\n"))
        let exported = kade.root + "/exported"
        try kade.check("export", "-o", exported, "idle")
        #expect(try Tool.check("tar", "-xOf", exported, "one").hasSuffix("\n3000\n"))
        // A user whom only the image's own list of users knows, in a file that is an object.
        let users = "for n in $(busybox seq 1 40); do echo u$n:x:$((n+3000)):$n::/:/bin/sh; done"
        try kade.check(
            "run", "--name", "users", "one", "sh", "-c",
            "busybox mkdir -p /etc; (\(users)) > /etc/passwd")
        try kade.check("commit", "users", "users")
        #expect(try kade.check("run", "--rm", "--user", "u40", "users", "id", "-u") == "3040")
        // Layers of a build as one.
        try store.write("FROM one\nRUN busybox seq 1 2500 >/a\nRUN busybox seq 1 2600 >/b\n")
        try kade.check("build", "-q", "--squash", "-t", "whole", store.buildContext)
        #expect(try kade.check("run", "--rm", "whole", "cat", "/a", "/b").hasSuffix("\n2600"))
        let mounted = try kade.check("image", "mount", "one")
        #expect(try Tool.check("tail", "-n", "1", mounted + "/one") == "3000\n")
        try kade.check("image", "unmount", "one")
        #expect(try kade("system", "check").exitCode == 0)
    }

    /// Overlay takes the files of a lowest layer alone from elsewhere.
    @Test func `layers on layers are put together, of whatever kinds they are`() throws {
        let store = try Store()
        try store.add("one")
        let kade = store.kade
        // A file in each layer, one that is changed, one that goes, and links.
        let steps = [
            ("a", "composefs", "busybox seq 1 2100 > /a; busybox mkdir /d; busybox ln /a /d/a"),
            ("b", "directory", "busybox seq 1 2200 > /b; echo x >> /a; busybox rm /one"),
            ("c", "composefs", "busybox seq 1 2300 > /c; busybox chown 7:8 /b"),
            ("d", "directory", "busybox seq 1 2400 > /d/d"),
        ]
        var base = "one"
        for (name, kind, script) in steps {
            try kade.check("run", "--name", "make-\(name)", base, "sh", "-c", script)
            let commit = try Tool.start(
                kade.commandLine(["commit", "make-\(name)", name]),
                environment: kade.environment.merging(["KADE_SNAPSHOTTER": kind]) { $1 })
            #expect(try commit.wait().exitCode == 0)
            base = name
        }
        let script = """
            for f in /a /b /c /d/a /d/d /big; do busybox tail -n 1 $f; done; busybox ls /one
            busybox stat -c '%u:%g %h' /b /d/a; busybox touch /big; busybox chmod 600 /c
            """
        let outcome = try kade("run", "--name", "all", "d", "sh", "-c", script)
        #expect(
            outcome.lines == [
                "x", "2200", "2300", "2100", "2400", "20000", "7:8 1", "0:0 1",
            ], "\(outcome.errors)")
        // What a container changes is whole, also where it has changed no content.
        try kade.check("commit", "all", "all")
        #expect(try kade.check("run", "--rm", "all", "cat", "/c").hasSuffix("\n2300"))
        #expect(try Tool.check("ls", kade.root + "/layers/merged/sha256").contains("\n"))
        #expect(try kade("system", "check").exitCode == 0)
        for name in ["make-a", "make-b", "make-c", "make-d", "all"] { try kade.check("rm", name) }
        try kade.check("rmi", "one", "a", "b", "c", "d", "all")
        #expect(try Tool.check("ls", kade.root + "/layers/merged/sha256").isEmpty)
        #expect(try store.objects().isEmpty)
        #expect(try kade.layerMounts().isEmpty)
    }

    @Test func `containers with owners of their own share files, too`() throws {
        let store = try Store()
        try store.add("one")
        let line = try store.kade.check(
            "run", "--rm", "--uidmap", "0:300000:65536", "--gidmap", "0:400000:65536", "one", "sh",
            "-c", "id -u; cat /one; echo x >> /one")
        #expect(line.hasPrefix("0\n1\n") && line.hasSuffix("\n3000"))
    }

    @Test func `a damaged object is found and repaired`() throws {
        let store = try Store()
        try store.add("one")
        let object = try store.object(like: "one/big")
        try store.damage(object)
        let check = try store.kade("system", "check")
        #expect(check.exitCode != 0)
        #expect(check.output.contains("/big has other content"), "\(check.output)\(check.errors)")
        try store.kade.check("system", "check", "--repair")
        #expect(try store.kade("system", "check").exitCode == 0)
        #expect(try Tool.check("sha256sum", object).prefix(64) == object.suffix(64))
        // One that is gone altogether.
        try Tool.check("rm", "-f", object)
        let second = try store.kade("system", "check")
        #expect(second.output.contains("/big has lost its content"), "\(second.output)")
        try store.kade.check("system", "check", "--repair")
        #expect(try store.kade.check("run", "--rm", "one", "cat", "/big").hasSuffix("\n20000"))
        // Without its list the collector would not know what the layer needs.
        try Tool.check("sh", "-ec", "rm $1/layers/sha256/*/objects", "sh", store.kade.root)
        #expect(try store.kade("image", "prune", "-f").errors.contains("--repair"))
        let third = try store.kade("system", "check")
        #expect(third.output.contains("its list is missing"), "\(third.output)")
        try store.kade.check("system", "check", "--repair")
        try store.kade.check("image", "prune", "-f")
        #expect(try store.kade("system", "check").exitCode == 0)
    }

    @Test func `a damaged object is not shared with a layer that comes`() throws {
        let store = try Store()
        try store.add("one")
        let object = try store.object(like: "one/big")
        try store.damage(object)
        try store.add("two")
        #expect(try Tool.check("sha256sum", object).prefix(64) == object.suffix(64))
        #expect(try store.kade("system", "check").exitCode == 0)
        #expect(try store.objects().allSatisfy { !$0.contains(".") })
    }

    @Test func `objects that a killed import has left go with the next prune`() throws {
        let store = try Store()
        try store.add("one")
        let before = try store.objects()
        // Of an import that was killed after some files: nobody holds its place.
        let left = store.kade.root + "/layers/sha256/0123.partial"
        let digest = String(repeating: "a", count: 64)
        let orphan = store.objectsDirectory + "/aa/" + digest
        try Tool.check(
            "sh", "-ec", "mkdir -p $1 ${2%/*}; echo $3 > $1/objects; echo half > $2", "sh", left,
            orphan, digest)
        try store.kade.check("image", "prune", "-f")
        #expect(try store.objects() == before)
        #expect(!FileManager.default.fileExists(atPath: left))
    }
}
