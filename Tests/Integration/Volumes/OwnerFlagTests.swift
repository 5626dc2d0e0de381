import Foundation
import Testing

/// `-v SOURCE:TARGET:owner=USER`: files of the host's owner are the container's user's inside.
@Suite(.rootOnly("no file system lets users map its owners; RootlessRefusalTests"))
struct OwnerFlagTests {
    let kade: Kade
    let folder: TemporaryFolder

    init() throws {
        kade = try Kade.withBusybox()
        folder = try TemporaryFolder()
        try Tool.check(
            "sh", "-ec",
            """
            mkdir $1/d; cd $1/d
            touch mine roots other
            chown 4000:4001 . mine; chown 0:0 roots; chown 77:78 other
            """, "sh", folder.path)
    }

    private var source: String { folder.at("d") }

    private func owners(_ names: String...) throws -> [String] {
        try names.map { name in
            String(try Tool.check("stat", "-c", "%u:%g", "\(source)/\(name)").dropLast())
        }
    }

    private let show = "cd /d; stat -c %u:%g . mine roots other; touch new; mkdir made"

    @Test func `root of the container and the owner on the host are one`() throws {
        let outcome = try kade.shell(show, "-v", "\(source):/d:owner=root")
        // Root's own files on the host are the other's inside, and nobody is hidden.
        #expect(outcome.lines == ["0:0", "0:0", "4000:4001", "77:78"], "\(outcome)")
        #expect(try owners("new", "made") == ["4000:4001", "4000:4001"])
        #expect(
            try owners(".", "mine", "roots", "other") == ["4000:4001", "4000:4001", "0:0", "77:78"])
    }

    @Test(arguments: [
        ("ann", "1000:1001"), ("1000", "1000:1001"), ("1000:50", "1000:50"), ("auto", "1000:1001"),
        // Groups stay as they are for a number that the image does not know.
        ("500", "500:4001"),
    ])
    func `a user of the image, by name, number or as the process`(
        owner: String, inside: String
    ) throws {
        let user = owner.allSatisfy(\.isNumber) ? "\(owner):4001" : "ann"
        let outcome = try kade.shell(
            "cd /d; stat -c %u:%g . mine other; touch new && stat -c %u new", "-u", user, "-v",
            "\(source):/d:owner=\(owner)")
        let uid = String(inside.prefix { $0 != ":" })
        #expect(outcome.lines == [inside, inside, "77:78", uid], "\(outcome)")
        #expect(try owners("new")[0].hasPrefix("4000:"))
    }

    @Test func `--mount has it too, read-only and shown by inspect`() throws {
        let mount = "type=bind,src=\(source),dst=/d,bind-owner=ann,readonly"
        let outcome = try kade.shell(
            "stat -c %u:%g /d/mine; touch /d/x || echo no", "--mount", mount)
        #expect(outcome.lines == ["1000:1001", "no"], "\(outcome)")
        try kade.check(
            "create", "--name", "one", "-v", "\(source):/d:ro,owner=1000:1000", "busybox", "true")
        #expect(
            try kade.inspect("one", "{{json .HostConfig.Binds}}")
                == #"["\#(source):/d:ro,owner=1000:1000"]"#)
    }

    @Test func `a volume may have an owner too`() throws {
        try kade.check("volume", "create", "data")
        let outcome = try kade.shell(
            "stat -c %u:%g /d; touch /d/x && stat -c %u /d/x", "-u", "ann", "-v",
            "data:/d:owner=auto")
        #expect(outcome.lines == ["1000:1001", "1000"], "\(outcome)")
        #expect(
            try Tool.check("stat", "-c", "%u:%g", "\(kade.root)/volumes/data/_data/x") == "0:0\n")
        let part = try kade.shell(
            "true", "--mount", "src=data,dst=/d,volume-owner=ann,volume-subpath=x")
        #expect(part.exitCode == 125)
        #expect(part.errors.contains("owners are mapped on plain volumes"), "\(part)")
    }

    @Test func `O gives each run a layer of its own above the source`() throws {
        try kade.check(
            "create", "--name", "one", "-v", "\(source):/d:O", "busybox", "sh", "-c",
            "rm /d/mine && touch /d/new && stat -c %u:%g /d && ls /d")
        for _ in 0..<2 {
            #expect(try kade.check("start", "-a", "one") == "4000:4001\nnew\nother\nroots")
        }
        #expect(try owners("mine") == ["4000:4001"])
        #expect(!FileManager.default.fileExists(atPath: "\(source)/new"))
        let both = try kade.shell("true", "-v", "\(source):/d:O,owner=ann")
        #expect(both.errors.contains("overlayfs cannot show mapped owners"), "\(both)")
    }

    @Test func `a file is mounted so, and its owner needs no mapping where it is the same`() throws
    {
        let file = try kade.shell("stat -c %u /f", "-v", "\(source)/mine:/f:owner=1000")
        #expect(file.output == "1000\n", "\(file)")
        // No file system has to map anybody to himself: procfs could not.
        let same = try kade.shell("test -e /p/self && echo there", "-v", "/proc:/p:owner=root")
        #expect(same.output == "there\n", "\(same)")
    }

    @Test func `what cannot be mapped says which file systems can`() throws {
        let outcome = try kade.shell("true", "-v", "/proc:/p:owner=1000")
        #expect(outcome.exitCode == 125)
        #expect(outcome.errors.contains("cannot show mapped owners"), "\(outcome)")
        #expect(outcome.errors.contains("/proc lies on proc"), "\(outcome)")
        #expect(outcome.errors.contains("ext4"))
        let unknown = try kade.shell("true", "-v", "\(source):/d:owner=nobody-there")
        #expect(unknown.exitCode == 125)
        #expect(unknown.errors.contains("unable to find user nobody-there"), "\(unknown)")
        try kade.wait { try kade.leftovers().isEmpty }
    }
}
