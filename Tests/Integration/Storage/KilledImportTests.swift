import Foundation
import Testing

@Suite(.enabled(if: isRoot)) struct KilledImportTests {
    /// What unfinished work would leave: parts of blobs and of layers.
    private func leftovers(in data: String) throws -> [String] {
        try Tool.run(
            "find", data + "/image/ingest", data + "/layers", "-maxdepth", "2", "-name",
            "*.partial"
        ).lines
    }

    private func makeArchive(in folder: TemporaryFolder) throws -> String {
        let archive = folder.at("rootfs.tar")
        try Tool.check(
            "sh", "-ec",
            "mkdir \(folder.at("tree")); cd \(folder.at("tree")); "
                + "for d in $(seq 60); do mkdir d$d; for f in $(seq 80); do "
                + "echo $d $f > d$d/f$f; done; done; tar -cf \(archive) .")
        return archive
    }

    /// Waits until a directory holds an unfinished layer or blob, at most five seconds.
    private func waitForPartial(
        in directory: String, while process: Tool.Running
    ) throws {
        for _ in 0..<5000 where process.process.isRunning {
            let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
            if names.contains(where: { $0.hasSuffix(".partial") }) { return }
            usleep(1000)
        }
    }

    @Test(arguments: ["layers/sha256", "image/ingest"])
    func `an import that is killed does not hinder the next one`(place: String) throws {
        let kade = try Kade(environment: Kade.unpacked)
        let folder = try TemporaryFolder()
        let archive = try makeArchive(in: folder)
        let first = try kade.start("import", archive, "killed:latest")
        try waitForPartial(in: kade.root + "/" + place, while: first)
        first.signal(SIGKILL)
        _ = try first.wait()
        try kade.check("import", archive, "whole:latest")
        #expect(try leftovers(in: kade.root).isEmpty)
        let files = try Tool.run("find", kade.root + "/layers", "-type", "f", "-name", "f*").lines
        #expect(files.count == 4800)
    }
}
