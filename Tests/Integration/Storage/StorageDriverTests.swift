import Foundation
import Testing

/// What containers and builds must do with either storage driver.
@Suite(.rootOnly("a file system without overlays is mounted"))
struct StorageDriverTests {
    private static let drivers = ["overlay", "vfs"]

    private func kade(_ driver: String) throws -> Kade {
        try Kade.withBusybox(environment: ["KADE_STORAGE_DRIVER": driver])
    }

    /// An image of several layers with a bit of everything, all of one time.
    private static let dockerfile = """
        FROM busybox
        RUN mkdir -p /d/sub /gone /opaque /many && echo a > /d/a && ln /d/a /d/hard \\
            && ln -s a /d/link && echo x > /gone/x && echo o > /opaque/old && echo k > /keep
        RUN rm -r /gone && rm -r /opaque && mkdir -m 750 /opaque && echo n > /opaque/new
        RUN echo more >> /keep && chown 5:6 /d/sub && chmod 4755 /d/sub && mkfifo /pipe \\
            && truncate -s 1M /sparse && echo end >> /sparse
        COPY file /d/copied
        """

    private func build(with kade: Kade) throws -> [String] {
        let context = kade.folder.at("context")
        try Tool.check("mkdir", "-p", context)
        try kade.folder.write(Self.dockerfile, to: "context/Dockerfile")
        try kade.folder.write("copied\n", to: "context/file")
        try kade.check(
            "build", "-q", "-t", "rich", "--build-arg", "SOURCE_DATE_EPOCH=1700000000", context)
        return try kade.inspect("rich", "{{json .RootFS.Layers}}").split(separator: ",")
            .map(String.init)
    }

    @Test func `a build makes the same layers with either driver`() throws {
        let layers = try Self.drivers.map { try build(with: kade($0)) }
        #expect(layers[0].count == 5)
        #expect(layers[0] == layers[1])
    }

    /// What a container does to the image `rich`.
    private static let change = """
        set -e; echo hi > /d/new; rm /keep; echo x >> /d/sub/f; rm -r /opaque
        mkdir /opaque; echo again > /opaque/again; chmod 700 /many; ln /etc/passwd /d/passwd
        mv /d/link /d/moved
        """

    @Test(arguments: drivers)
    func `diff, sizes, commit and export see what a container has changed`(
        driver: String
    ) throws {
        let kade = try kade(driver)
        _ = try build(with: kade)
        try kade.check("run", "--name", "box", "rich", "sh", "-c", Self.change)
        let name = driver == "vfs" ? "vfs" : "overlay2"
        #expect(try kade.inspect("box", "{{.GraphDriver.Name}} {{.Driver}}") == "\(name) \(name)")
        #expect(try kade.check("info", "-f", "{{.Driver}}") == name)
        let diff = try kade.check("diff", "box").split(separator: "\n").map(String.init)
        #expect(
            diff == [
                "C /d", "D /d/link", "A /d/moved", "A /d/new", "A /d/passwd", "C /d/sub",
                "A /d/sub/f", "C /etc", "C /etc/passwd", "D /keep", "C /many", "C /opaque",
                "A /opaque/again", "D /opaque/new",
            ])
        try kade.check("commit", "box", "changed")
        let commands = ["export", "export"]
        let archives = [kade.folder.at("box.tar"), kade.folder.at("changed.tar")]
        try kade.check("create", "--name", "other", "changed", "true")
        for (command, (box, archive)) in zip(commands, zip(["box", "other"], archives)) {
            try kade.check(command, "-o", archive, box)
        }
        // What was made to mount on is in the started one alone.
        let listings = try archives.map {
            try Tool.check("tar", "--full-time", "-tvf", $0, "d", "opaque", "many")
        }
        #expect(listings[0] == listings[1])
        let size = try kade.check("ps", "-a", "-s", "--filter", "name=box", "--format", "{{.Size}}")
        #expect(size.hasPrefix("77B (virtual "), "\(size)")
        #expect(try kade("system", "check").exitCode == 0)
    }

    @Test func `the layer of a commit is the same with either driver`() throws {
        let layers = try Self.drivers.map { driver in
            let kade = try kade(driver)
            _ = try build(with: kade)
            try kade.check("run", "--name", "box", "rich", "sh", "-c", Self.change)
            _ = try Tool.start(
                kade.commandLine(["commit", "box", "changed"]),
                environment: kade.environment.merging(["SOURCE_DATE_EPOCH": "1700000000"]) { $1 }
            ).wait()
            return try kade.inspect("changed", "{{json .RootFS.Layers}}")
        }
        #expect(layers[0].split(separator: ",").count == 6)
        #expect(layers[0] == layers[1])
    }

    @Test(arguments: drivers)
    func `a container keeps its files over restarts, and takes copies before its first`(
        driver: String
    ) throws {
        let kade = try kade(driver)
        try kade.folder.write("in\n", to: "in")
        try kade.check(
            "create", "--name", "box", "busybox", "sh", "-c", "cat /in; echo again >> /in")
        try kade.check("cp", kade.folder.at("in"), "box:/in")
        #expect(try kade.check("start", "-a", "box") == "in")
        #expect(try kade.check("start", "-a", "box") == "in\nagain")
        try kade.check("cp", "box:/in", kade.folder.at("out"))
        #expect(try kade.folder.text("out") == "in\nagain\nagain\n")
        // Another choice is one for new containers.
        let other = try Tool.start(
            kade.commandLine(["start", "-a", "box"]),
            environment: kade.environment.merging(
                ["KADE_STORAGE_DRIVER": driver == "vfs" ? "overlay" : "vfs"]) { $1 }
        ).wait()
        #expect(other.output == "in\nagain\nagain\n")
        try kade.check("rm", "box")
        let left = try Tool.check("ls", kade.root + "/containers")
        #expect(left.isEmpty)
    }

    @Test(arguments: drivers)
    func `read-only roots, user namespaces, images and volumes are mounted`(driver: String) throws {
        let kade = try kade(driver)
        _ = try build(with: kade)
        #expect(try kade.shell("touch /x", "--read-only").exitCode != 0)
        let mapped = try kade.check(
            "run", "--name", "mapped", "--uidmap", "0:200000:65536", "--gidmap",
            "0:300000:65536", "rich", "sh", "-c",
            "stat -c '%u %g' / /d/sub; echo x > /d/own")
        #expect(mapped == "0 0\n5 6")
        #expect(try kade.check("diff", "mapped") == "C /d\nA /d/own")
        try kade.check("commit", "mapped", "mapped")
        #expect(
            try kade.check("run", "--rm", "mapped", "stat", "-c", "%u %g", "/d/own") == "0 0")
        #expect(
            try kade.check(
                "run", "--rm", "--mount", "type=image,source=rich,target=/i", "busybox", "cat",
                "/i/d/copied", "/i/opaque/new") == "copied\nn")
        let place = try kade.check("image", "mount", "rich")
        #expect(try Tool.check("cat", place + "/d/copied") == "copied\n")
        #expect(!FileManager.default.fileExists(atPath: place + "/gone"))
        try kade.check("image", "unmount", "rich")
        try kade.check("run", "--rm", "-v", "vol:/d", "rich", "true")
        #expect(
            try kade.check("run", "--rm", "-v", "vol:/v", "busybox", "cat", "/v/copied")
                == "copied")
        try kade.check("rm", "mapped")
        try kade.check("system", "prune", "-a", "-f", "--volumes")
        let copies = try Tool.run("find", kade.root + "/owned", "-mindepth", "1", "-type", "d")
        #expect(copies.output.isEmpty)
        #expect(try kade.leftovers().isEmpty)
    }

    @Test func `what takes an overlay is refused where there is to be none`() throws {
        let kade = try kade("vfs")
        let layer = try kade("run", "--rm", "-v", kade.folder.path + ":/x:O", "busybox", "true")
        #expect(layer.exitCode != 0)
        #expect(layer.errors.contains("the storage driver is vfs"), "\(layer.errors)")
        let limit = try kade("run", "--rm", "--storage-opt", "size=10m", "busybox", "true")
        #expect(limit.exitCode != 0)
        #expect(limit.errors.contains("the storage driver is vfs"), "\(limit.errors)")
    }

    @Test func `a copy that was killed half-way is removed by the next command`() throws {
        let kade = try kade("vfs")
        let id = try kade.check("create", "--name", "box", "busybox", "echo", "whole")
        let bundle = kade.root + "/containers/" + id
        try Tool.check("mkdir", "-p", bundle + "/root.new/half")
        try kade.check("ps", "-a")
        #expect(!FileManager.default.fileExists(atPath: bundle + "/root.new"))
        try Tool.check("mkdir", "-p", bundle + "/root.new/half")
        #expect(try kade.check("start", "-a", "box") == "whole")
        #expect(!FileManager.default.fileExists(atPath: bundle + "/root/half"))
    }

    /// Commands of `kade` whose data root is on an overlay.
    private static let onOverlay = """
        set -e; cd "$1"; mkdir lower upper work merged; kade=$2
        mount -t overlay overlay -o lowerdir=lower,upperdir=upper,workdir=work merged
        export KADE_DEFAULT_NETWORK=none NETCONFPATH=/nowhere
        kade() { "$kade" --root "$PWD/merged/data" --runroot "$PWD/run" "$@"; }
        trap 'kade ps -aq | while read -r id; do kade rm -f "$id" > /dev/null; done' EXIT
        kade import "$3" busybox:latest > /dev/null
        kade info -f '{{.Driver}}'
        printf 'FROM busybox\\nRUN mkdir /a && echo x > /a/gone\\nRUN rm /a/gone\\n' > Dockerfile
        mkdir context; kade build -q -t removing -f Dockerfile context > /dev/null
        kade run --rm removing sh -c 'ls /a; echo none'
        kade run --name box busybox sh -c 'echo hi > /new'
        kade diff box
        KADE_STORAGE_DRIVER=overlay kade run --rm busybox true && exit 1
        kade system check > /dev/null; echo checked
        """

    @Test func `containers have copies where the data root is on an overlay`() throws {
        let folder = try TemporaryFolder()
        let outcome = try Tool.run(
            "unshare", "-m", "--propagation", "private", "sh", "-c", Self.onOverlay, "sh",
            folder.path, BuiltProgram.path("kade"), try Kade.busyboxArchive.get())
        #expect(outcome.output == "vfs\nnone\nA /new\nchecked\n", "\(outcome.errors)")
        #expect(outcome.errors.contains("KADE_STORAGE_DRIVER=vfs"), "\(outcome.errors)")
    }

    @Test func `an overlay is tried once for each boot, and a plan notes nothing`() throws {
        let kade = try Kade.withBusybox(environment: ["KADE_STORAGE_DRIVER": "auto"])
        let note = kade.root + "/layers/overlay-works"
        let boot = try Tool.check("cat", "/proc/sys/kernel/random/boot_id")
        try kade.check("run", "--plan", "--rm", "busybox", "true")
        #expect(!FileManager.default.fileExists(atPath: note))
        try kade.check("run", "--rm", "busybox", "true")
        #expect(try Tool.check("cat", note) + "\n" == boot)
        let trials = try Tool.check("ls", kade.root + "/layers").split(separator: "\n")
        #expect(!trials.contains { $0.hasPrefix("overlay-trial") })
    }

    @Test func `a storage driver that is none is refused`() throws {
        let kade = try Kade(environment: ["KADE_STORAGE_DRIVER": "floppy"])
        let outcome = try kade("ps")
        #expect(outcome.exitCode != 0)
        #expect(outcome.errors.contains("overlay, vfs, auto"), "\(outcome.errors)")
    }
}
