import Foundation
import Testing

/// Images and builds of an ordinary user.
@Suite(.enabled(if: isRoot)) struct RootlessImageTests {
    let kade: Kade

    init() throws { kade = try Kade.withBusybox(as: TestUser()) }

    @Test func `a build's layers hide, own and replace what they say`() throws {
        try kade.folder.write(
            """
            FROM busybox
            RUN mkdir /old && touch /old/a && echo one > /first && chown 5:6 /first
            COPY --chown=7:8 file /copied
            RUN rm /bin/wget && rm -r /old && mkdir /old && touch /old/b
            USER ann
            RUN id -u > /tmp/id
            """, to: "context/Dockerfile")
        try kade.folder.write("content\n", to: "context/file")
        try kade.check("build", "-t", "built", kade.folder.at("context"))
        let script = """
            stat -c %u:%g /first /copied /tmp/id; ls /old; cat /tmp/id; ls /bin/wget; cat /copied
            """
        let outcome = try kade.call(["run", "--rm", "-u", "0", "built", "sh", "-c", script])
        #expect(outcome.lines == ["5:6", "7:8", "1000:1001", "b", "1000", "content"])
        #expect(outcome.errors.contains("/bin/wget: No such file"))
    }

    @Test func `an image goes out and comes back the same`() throws {
        let id = try kade.check("image", "inspect", "-f", "{{.Id}}", "busybox")
        let (archive, tree) = (kade.folder.at("saved.tar"), kade.folder.at("tree.tar"))
        try kade.check("save", "-o", archive, "busybox")
        try kade.check("rmi", "busybox")
        try kade.check("load", "-i", archive)
        #expect(try kade.check("image", "inspect", "-f", "{{.Id}}", "busybox") == id)
        try kade.check("create", "--name", "made", "busybox", "true")
        try kade.check("export", "-o", tree, "made")
        let listing = try Tool.check("tar", "--numeric-owner", "-tvf", tree)
        #expect(listing.contains("1000/1001"))
        #expect(try kade.check("system", "check").contains("no fault"))
    }

    @Test func `devices of an image are left out`() throws {
        let archive = kade.folder.at("devices.tar")
        try Tool.check(
            "sh", "-c",
            """
            mkdir -p "$1/r/dev" "$1/r/bin" && cp /bin/busybox "$1/r/bin" && mknod "$1/r/dev/disk" b 7 0
            ln -s busybox "$1/r/bin/ls"; tar -C "$1/r" -cf "$2" .; rm -r "$1/r"
            """, "sh", kade.folder.path, archive)
        try kade.check("import", archive, "devices")
        let id = try kade.check("create", "devices", "ls")
        try kade.check("export", "-o", kade.folder.at("out.tar"), id)
        let listing = try Tool.check("tar", "-tf", kade.folder.at("out.tar"))
        #expect(listing.contains("bin/busybox"))
        #expect(!listing.contains("dev/disk"))
        #expect(try kade.check("system", "check").contains("no fault"))
    }
}
