import Foundation
import Testing

@Suite struct HostImageTests {
    @Test(.rootOnly("the kernel gives users no overlay of /; RootlessRefusalTests"))
    func `what a container of host writes stays in it, and diff shows it`() throws {
        let kade = try Kade()
        let outcome = try kade(
            "run", "--name", "one", "host", "sh", "-c",
            "echo x > /kade-life-test; cat /etc/os-release; rm /etc/os-release")
        #expect(outcome.exitCode == 0)
        #expect(outcome.output == (try Tool.check("cat", "/etc/os-release")))
        #expect(!FileManager.default.fileExists(atPath: "/kade-life-test"))
        let changes = try kade.check("diff", "one").split(separator: "\n")
        #expect(changes.contains("A /kade-life-test"))
        #expect(changes.contains("D /etc/os-release"))
        try kade.check("rm", "one")
        try kade.wait { try kade.leftovers().isEmpty }
    }

    @Test(.rootOnly("the kernel gives users no overlay of /; RootlessRefusalTests"))
    func `diff works when a file system of the host has gone since`() throws {
        let kade = try Kade()
        let place = kade.folder.at("passing")
        let program = kade.commandLine([]).joined(separator: " ")
        let changes = try Tool.check(
            "unshare", "-m", "--propagation", "private", "sh", "-ec",
            """
            mkdir \(place); mount -t tmpfs passing \(place)
            \(program) run --name one host touch /kade-life-test \(place)/new
            umount \(place); rmdir \(place)
            \(program) diff one; \(program) rm one
            """)
        #expect(changes.contains("A /kade-life-test\n"))
        #expect(changes.contains("A \(place)/new\n"))
    }

    @Test(.rootOnly("the kernel gives users no overlay of /; RootlessRefusalTests"))
    func `the tour prints what isolates it, and the steps`() throws {
        let kade = try Kade()
        let outcome = try kade("run", "--rm", "host")
        #expect(outcome.exitCode == 0)
        for word in ["pid 1", "Namespaces", "memory", "cpu"] {
            #expect(outcome.output.contains(word))
        }
        #expect((outcome.output + outcome.errors).contains("steps in "))
        try kade.wait { try kade.leftovers().isEmpty }
    }

    @Test func `--explain and explain print the steps with their times`() throws {
        let kade = try Kade.withBusybox()
        let run = try kade("run", "--explain", "--name", "one", "busybox", "echo", "hi")
        #expect(run.output.hasPrefix("hi\n"))
        #expect((run.output + run.errors).contains("mount -t proc"))
        let explained = try kade.check("explain", "--steps", "one")
        for word in ["mount -t proc", "steps in ", "linux.seccomp"] {
            #expect(explained.contains(word))
        }
    }
}
