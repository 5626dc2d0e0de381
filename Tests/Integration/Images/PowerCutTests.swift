import Foundation
import Testing

/// What a machine that went down leaves, when layers had not been written to the disk.
///
/// The end of a boot is played by writing another boot's ID into the layers' records, and what the
/// disk did not get by emptying files.
@Suite struct PowerCutTests {
    let kade: Kade

    init() throws { kade = try Kade.withBusybox(environment: Kade.unpacked) }

    /// Waits for the flush that the import started, which would otherwise come in between.
    private func waitForFlush() throws -> String {
        let found = try Tool.check("find", kade.root + "/layers", "-name", "layer.json")
        let record = found.trimmingCharacters(in: .newlines)
        try kade.wait { try Tool.check("cat", record).contains(#""flushed":1"#) }
        return record
    }

    /// Makes the layer one that an earlier boot unpacked and never flushed, and empties its busybox.
    private func cutPower(_ record: String) throws {
        try Tool.check(
            "sh", "-ec",
            """
            grep -q '"boot":"[0-9a-f-]*","flushed":1}' "$1"
            sed -i 's/"boot":"[0-9a-f-]*","flushed":1/"boot":"of-another-boot","flushed":0/' "$1"
            : > "${1%layer.json}diff/bin/busybox"
            """, "sh", record)
    }

    @Test func `a layer is flushed in the background, and whole after that`() throws {
        let record = try waitForFlush()
        try Tool.check(
            "sed", "-i", #"s/"boot":"[0-9a-f-]*"/"boot":"of-another-boot"/"#, record)
        let before = try inode(of: record)
        #expect(try kade.check("run", "--rm", "busybox", "echo", "whole") == "whole")
        #expect(try inode(of: record) == before)  // nothing was unpacked again
    }

    @Test func `a container runs on a layer that was lost, unpacked again from its blob`() throws {
        try cutPower(try waitForFlush())
        #expect(try kade.check("run", "--rm", "busybox", "echo", "whole") == "whole")
        _ = try waitForFlush()  // the new one is flushed like the first
    }

    @Test func `a container that was made before starts after`() throws {
        try kade.check("create", "--name", "before", "busybox", "echo", "whole")
        try cutPower(try waitForFlush())
        #expect(try kade.check("start", "-a", "before") == "whole")
    }

    @Test func `an image without its blob is told by name, and nothing runs on half a layer`()
        throws
    {
        let record = try waitForFlush()
        try cutPower(record)
        let blob = URL(fileURLWithPath: record).deletingLastPathComponent().lastPathComponent
        try Tool.check("rm", "\(kade.root)/image/blobs/sha256/\(blob)")
        let outcome = try kade("run", "--rm", "busybox", "echo", "whole")
        #expect(outcome.exitCode == 125)
        #expect(outcome.errors.contains(blob))
        #expect(outcome.errors.contains("pull the image again"))
    }

    private func inode(of file: String) throws -> String {
        try Tool.check("stat", "-c", "%i", file)
    }
}
