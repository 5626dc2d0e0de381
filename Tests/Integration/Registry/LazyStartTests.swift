import Foundation
import Testing

/// Containers whose image has not arrived: `kade run` of zstd:chunked and eStargz.
///
/// The registry gives whole layers only when a test allows it, so that what happens before has
/// happened with parts of them alone.
@Suite(.enabled(if: canStartLazily)) struct LazyStartTests {
    private let kade: Kade
    private let folder: TemporaryFolder
    private let images: TestImages

    init() throws {
        kade = try Kade()
        folder = try TemporaryFolder()
        images = try TestImages()
        try TestImages.tree(in: folder, named: "lower", sizeInBytes: 3_000_000)
        try TestImages.tree(in: folder, named: "upper", sizeInBytes: 2_000_000)
        let trees = [folder.at("lower"), folder.at("upper")]
        try Tool.check(
            "sh", "-ec",
            "cd \"$1\"; ln random-lower hard; truncate -s 200000 holes; echo end >> holes;"
                + " mkfifo pipe; echo runner:x:77:78::/:/bin/sh > etc/passwd;"
                + " echo helpers:x:79:runner > etc/group",
            "sh", trees[0])
        try images.add(.init(trees: trees), as: "lazy")
    }

    private func registry(
        _ format: LazyImages.Format, _ fault: MisbehavingRegistry.Fault
    ) throws -> MisbehavingRegistry {
        let layout = try LazyImages.convert(
            images, "lazy", to: format, in: folder)
        return try MisbehavingRegistry(serving: layout, fault: fault)
    }

    private func digest(_ name: String) throws -> String {
        String(try Tool.check("md5sum", folder.at(name)).prefix(32))
    }

    /// The processes that fetch layers for this instance.
    private func fetchers() throws -> [pid_t] {
        try kade.processes().filter { $0.value.range(of: Data("\0pull\0".utf8)) != nil }
            .map(\.key)
    }

    private func places(_ kind: String) throws -> [String] {
        try Tool.run("find", kade.root + "/layers/" + kind, "-mindepth", "1", "-maxdepth", "1")
            .lines
    }

    @Test(
        arguments: [
            LazyImages.Format.zstdChunked, .eStargz, .pushedZstdChunked, .pushedStargz,
        ])
    func `a container runs before its image has arrived`(format: LazyImages.Format) throws {
        let registry = try registry(format, .held)
        let image = "\(registry.authority)/a/b:lazy"
        try kade.check("run", "-d", "--name", "box", image, "/bin/busybox", "sleep", "1000")
        #expect(
            try kade.check("exec", "box", "/bin/busybox", "cat", "/etc/lower") == "hello from lower"
        )
        #expect(
            try kade.check("exec", "box", "/bin/busybox", "md5sum", "/random-lower")
                .hasPrefix(try digest("lower/random-lower")))
        #expect(
            try kade.check("exec", "box", "/bin/busybox", "stat", "-c", "%h %s", "/hard")
                == "2 3000000")
        #expect(try places("sha256").filter { !$0.hasSuffix(".partial") }.isEmpty)
        // A second one shares what has come.
        #expect(try kade.check("run", "--rm", image, "/bin/busybox", "echo", "two") == "two")

        try registry.release()
        try kade.wait { try fetchers().isEmpty }
        #expect(try places("arriving").isEmpty)
        #expect(try places("sha256").count == 2)
        for name in ["random-lower", "holes"] {
            #expect(
                try kade.check("exec", "box", "/bin/busybox", "md5sum", "/\(name)")
                    .hasPrefix(try digest("lower/\(name)")))
        }
        #expect(
            try kade.check("exec", "box", "/bin/busybox", "md5sum", "/random-upper")
                .hasPrefix(try digest("upper/random-upper")))
        #expect(try kade("system", "check").exitCode == 0)
        try expectReadable(kade.root, image)
        try kade.check("restart", "-t", "0", "box")
        #expect(try kade.check("diff", "box").isEmpty)
        #expect(try kade.check("exec", "box", "/bin/busybox", "echo", "again") == "again")
    }

    @Test(arguments: [LazyImages.Format.zstdChunked, .eStargz])
    func `a user is looked up in an image that has not arrived`(
        format: LazyImages.Format
    ) throws {
        let registry = try registry(format, .held)
        let image = "\(registry.authority)/a/b:lazy"
        let identity = "/bin/busybox id -u; /bin/busybox id -g; /bin/busybox id -G"
        func run(_ user: String) throws -> Tool.Outcome {
            try kade.call([
                "run", "--rm", "--user", user, image, "/bin/busybox", "sh", "-c", identity,
            ])
        }
        #expect(try run("runner").output == "77\n78\n78 79\n")
        #expect(try run("runner:helpers").output == "77\n79\n79\n")
        #expect(try places("sha256").filter { !$0.hasSuffix(".partial") }.isEmpty)
        let nobody = try run("stranger")
        #expect(nobody.exitCode != 0 && nobody.errors.contains("stranger"), "\(nobody)")
        // The same while the layers come to where they stay, and after that.
        try registry.release()
        repeat {
            let outcome = try run("runner")
            #expect(outcome.output == "77\n78\n78 79\n", "\(outcome.errors)")
        } while try !fetchers().isEmpty
        #expect(try run("runner").output == "77\n78\n78 79\n")
        #expect(try places("arriving").isEmpty)
    }

    @Test func `what an image's maker wants first comes before anybody reads it`() throws {
        let registry = try registry(.prioritized, .held)
        let image = "\(registry.authority)/a/b:lazy"
        try kade.check("run", "-d", "--name", "box", image, "/bin/busybox", "sleep", "1000")
        try kade.wait {
            try askedBytes(of: registry).contains { (3_000_000..<4_000_000).contains($0) }
        }
        try registry.release()
        try kade.wait { try fetchers().isEmpty }
        #expect(
            try kade.check("exec", "box", "/bin/busybox", "md5sum", "/random-lower")
                .hasPrefix(try digest("lower/random-lower")))
        #expect(try kade("system", "check").exitCode == 0)
    }

    /// How many bytes were asked for with ranges, of each blob.
    private func askedBytes(of registry: MisbehavingRegistry) throws -> [Int] {
        var bytes: [String: Int] = [:]
        for request in try registry.requests() {
            let ends = (request.range ?? "").split(separator: "=").last?.split(separator: "-") ?? []
            guard ends.count == 2, let first = Int(ends[0]), let last = Int(ends[1]) else {
                continue
            }
            bytes[request.path, default: 0] += last - first + 1
        }
        return Array(bytes.values)
    }

    @Test(arguments: ["changes", "diff", "cp", "export", "commit", "volume", "mount", "build"])
    func `whoever else reads layers waits until they have arrived`(reader: String) throws {
        let registry = try registry(.zstdChunked, .held)
        let image = "\(registry.authority)/a/b:lazy"
        try kade.check("run", "-d", "--name", "box", image, "/bin/busybox", "sleep", "1000")
        try folder.write(
            "FROM \(image)\nCOPY --from=\(image) /etc/lower /copy\n", to: "c/Dockerfile")
        let target = folder.at("target")
        let commands: [String: [String]] = [
            "changes": ["diff", "box"], "diff": ["image", "diff", image],
            "cp": ["cp", "box:/random-lower", target], "export": ["export", "-o", target, "box"],
            "commit": ["commit", "box", "committed"], "mount": ["image", "mount", image],
            "volume": [
                "run", "--rm", "-v", "filled:/etc", image, "/bin/busybox", "cat", "/etc/lower",
            ],
            "build": ["build", "-q", "--pull=never", folder.at("c")],
        ]
        let running = try Tool.start(kade.commandLine(try #require(commands[reader])))
        // It waits as long as nothing comes; long enough for any of them to be done otherwise.
        usleep(500_000)
        #expect(running.process.isRunning)
        try registry.release()
        let outcome = try running.wait()
        #expect(outcome.exitCode == 0, "\(outcome.errors)")
        if reader == "cp" {
            #expect(try Tool.check("md5sum", target).hasPrefix(try digest("lower/random-lower")))
        }
        if reader == "volume" { #expect(outcome.output == "hello from lower\n") }
        if reader == "mount" { try kade.check("image", "unmount", image) }
        try kade.check("rm", "-f", "box")
        try kade.wait { try fetchers().isEmpty }
    }

    @Test func `containers end with a reason when nobody fetches their image any more`() throws {
        let registry = try registry(.zstdChunked, .held)
        let image = "\(registry.authority)/a/b:lazy"
        try kade.check(
            "run", "-d", "--name", "box", "--restart", "always", image, "/bin/busybox", "sh", "-c",
            "while :; do /bin/busybox cat /random-upper > /copy; done")
        let fetchers = try fetchers()
        #expect(fetchers.count == 1)
        for pid in fetchers { kill(pid, SIGKILL) }
        try kade.wait { try kade.inspect("box", "{{.State.Status}}") == "exited" }
        let error = try kade.inspect("box", "{{.State.Error}}")
        #expect(error.contains("its image did not arrive whole"), "\(error)")
        #expect(error.contains("the process that fetched it (\(fetchers[0])) ended"), "\(error)")
        // The next one fetches what is missing.
        try registry.release()
        #expect(try kade.check("run", "--rm", image, "/bin/busybox", "echo", "whole") == "whole")
        try kade.check("start", "box")
        try kade.check("rm", "-f", "box")
        try kade.wait { try self.fetchers().isEmpty }
        try kade.check("pull", image)
        #expect(try kade("system", "check").exitCode == 0)
        #expect(try kade.leftovers() == [])
    }

    @Test func `damaged parts are not let through`() throws {
        let registry = try registry(.zstdChunked, .heldWithDamagedParts)
        let outcome = try kade(
            "run", "--rm", "\(registry.authority)/a/b:lazy", "/bin/busybox", "echo", "ran")
        #expect(outcome.exitCode != 0)
        #expect(!outcome.output.contains("ran"))
        for pid in try fetchers() { kill(pid, SIGKILL) }
    }

    @Test func `a table of contents that is not the archive's ends the containers`() throws {
        let registry = try registry(.falseStargz, .held)
        let image = "\(registry.authority)/a/b:lazy"
        try kade.check("run", "-d", "--name", "box", image, "/bin/busybox", "sleep", "1000")
        try registry.release()
        try kade.wait { try kade.inspect("box", "{{.State.Status}}") == "exited" }
        let error = try kade.inspect("box", "{{.State.Error}}")
        #expect(error.contains("has the mode 4755 and not 644"), "\(error)")
        try kade.wait { try fetchers().isEmpty }
        // The image itself is whole, and the next container has it as it is.
        #expect(try kade.check("run", "--rm", image, "/bin/busybox", "echo", "whole") == "whole")
    }

    @Test(arguments: ["ranges", "off", "pull", "directory"])
    func `where that is not wanted or cannot be, an image comes whole`(why: String) throws {
        let registry = try registry(.eStargz, why == "ranges" ? .heldWithoutRanges : .held)
        let image = "\(registry.authority)/a/b:lazy"
        var environment: [String: String] = [:]
        if why == "off" { environment["KADE_LAZY_START"] = "off" }
        if why == "directory" { environment = Kade.unpacked }
        let command =
            why == "pull"
            ? ["pull", image] : ["run", "--rm", image, "/bin/busybox", "echo", "ran"]
        let running = try Tool.start(kade.commandLine(command), environment: environment)
        // It waits for a whole layer, which is asked for without an end.
        try kade.wait { try registry.requests().contains { $0.path.contains("/blobs/") } }
        #expect(try places("arriving").isEmpty)
        try registry.release()
        #expect(try running.wait().exitCode == 0)
        #expect(try places("arriving").isEmpty)
        #expect(try fetchers().isEmpty)
        #expect(try places("sha256").count == 2)
    }

    @Test func `a choice that is none is refused`() throws {
        let running = try Tool.start(
            kade.commandLine(["run", "--rm", "127.0.0.1:1/a:1", "true"]),
            environment: ["KADE_LAZY_START": "perhaps"])
        let outcome = try running.wait()
        #expect(outcome.exitCode != 0)
        #expect(outcome.errors.contains("KADE_LAZY_START=perhaps"), "\(outcome.errors)")
    }
}

/// Whether the kernel asks before it reads (6.14) and mounts EROFS images.
private let canStartLazily: Bool = {
    let numbers = ((try? Tool.check("uname", "-r")) ?? "0.0").split(separator: ".")
    let (major, minor) = (Int(numbers[0]) ?? 0, Int(numbers[1]) ?? 0)
    return isRoot && canMountErofs && (major, minor) >= (6, 14)
}()
