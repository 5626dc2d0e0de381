import Foundation
import Testing

/// Removal and collection beside pulls, loads, commits, saves and starts: nothing that they need
/// goes, and nothing stays when all have ended.
@Suite(.enabled(if: isRoot)) struct GarbageRaceTests {
    @Test func `collections take nothing away from what goes on beside them`() throws {
        let folder = try TemporaryFolder()
        let registry = try TestRegistry()
        let images = try TestImages()
        for layer in ["base", "top"] {
            try TestImages.tree(in: folder, named: layer, sizeInBytes: 2_000_000)
        }
        try images.add(.init(trees: [folder.at("base"), folder.at("top")]), as: "one")
        try images.add(.init(trees: [folder.at("base")]), as: "two")
        try registry.push(images, "one", to: "team/one:1")
        try registry.push(images, "two", to: "team/two:1")
        let kade = try Kade.withBusybox()
        try kade.check("save", "-o", folder.at("busybox.tar"), "busybox")
        try kade.check("tag", "busybox", "kept:1")
        try kade.check("create", "--name", "keeper", "kept:1", "true")

        let command = kade.commandLine([]).map { "'\($0)'" }.joined(separator: " ")
        func loop(_ body: String, _ count: Int) throws -> Tool.Running {
            try Tool.start([
                "sh", "-c",
                "kade() { \(command) \"$@\"; }; for i in $(seq \(count)); do \(body) || exit 1; done",
            ])
        }
        let authority = registry.authority
        let workers = try [
            loop(
                "kade pull -q \(authority)/team/one:1 && kade rmi -f \(authority)/team/one:1", 12),
            loop(
                "kade run --rm --pull always \(authority)/team/two:1 /bin/busybox true", 12),
            loop("kade load -q -i \(folder.at("busybox.tar"))", 12),
            loop(
                "kade run --name w$i kept:1 sh -c 'echo '$i' > /f' && kade commit w$i made:$i && "
                    + "kade run --rm made:$i cat /f && kade save -o \(folder.at("made.tar")) made:$i "
                    + "&& kade rm w$i && kade rmi made:$i", 8),
            loop("kade image prune -f", 60),
        ]
        for worker in workers {
            let outcome = try worker.wait()
            #expect(outcome.exitCode == 0, "\(outcome.errors)\(outcome.output)")
        }
        #expect(try kade("start", "-a", "keeper").exitCode == 0)
        #expect(try kade("system", "check").exitCode == 0)
        try kade.check("rm", "keeper")
        try kade.check("image", "prune", "-a", "-f")
        #expect(try Tool.check("find", kade.root + "/image/blobs", "-type", "f").isEmpty)
        #expect(try Tool.check("find", kade.root + "/layers/sha256", "-mindepth", "1").isEmpty)
        #expect(
            try Tool.check("find", kade.root + "/image/ingest", "-name", "lease-*").isEmpty)
    }
}
