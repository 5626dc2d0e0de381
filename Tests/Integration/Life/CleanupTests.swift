import Foundation
import Testing

@Suite struct CleanupTests {
    @Test func `rm refuses what runs, and -f kills it`() throws {
        let kade = try Kade.withBusybox()
        let id = try kade.check("run", "-d", "--name", "one", "busybox", "sleep", "600")
        #expect(try kade("rm", "one").errors.contains("container is running"))
        try kade.check("rm", "-f", "one")
        #expect(try kade.check("ps", "-aq").isEmpty)
        #expect(try kade.leftovers() == [])
        #expect(try Kade.cgroups(of: id).isEmpty)
    }

    @Test func `--rm removes a detached container when it ends`() throws {
        let kade = try Kade.withBusybox()
        try kade.check("run", "-d", "--rm", "--name", "one", "busybox", "sleep", "0.2")
        try kade.wait { try kade.check("ps", "-aq").isEmpty }
        try kade.wait { try kade.leftovers().isEmpty }
        try kade.check("run", "-d", "--rm", "--name", "one", "busybox", "sleep", "600")
        try kade.check("stop", "-t", "0", "one")
        try kade.wait { try kade.check("ps", "-aq").isEmpty }
    }

    @Test func `a container that cannot start leaves its record, and with --rm nothing`() throws {
        let kade = try Kade.withBusybox()
        #expect(try kade("run", "--rm", "busybox", "no-such-command").exitCode == 127)
        #expect(try kade("run", "--rm", "busybox", "/etc/passwd").exitCode == 126)
        #expect(try kade("run", "--rm", "-v", "/no/../rel:rel", "busybox", "true").exitCode == 125)
        #expect(try kade.check("ps", "-aq").isEmpty)
        try kade.wait { try kade.leftovers() == [] }
        #expect(try kade("run", "--name", "one", "busybox", "no-such-command").exitCode == 127)
        #expect(try kade.check("ps", "-a", "--format", "{{.State}}") == "created")
        try kade.check("rm", "one")
    }

    @Test func `twenty containers at once come, go and leave nothing`() throws {
        let kade = try Kade.withBusybox()
        let runs = try (0..<20).map { number in
            try kade.start("run", "-d", "--name", "many-\(number)", "busybox", "sleep", "7654321")
        }
        let ids = try runs.map { run in
            let outcome = try run.wait()
            #expect(outcome.exitCode == 0, "\(outcome.errors)")
            return outcome.output.trimmingCharacters(in: .newlines)
        }
        #expect(try kade("ps", "-q").lines.count == 20)
        let removals = try ids.map { try kade.start("rm", "-f", $0) }
        for removal in removals {
            let outcome = try removal.wait()
            #expect(outcome.exitCode == 0, "\(outcome.errors)")
        }
        #expect(try kade.check("ps", "-aq").isEmpty)
        #expect(try kade.leftovers() == [])
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: kade.root + "/containers").isEmpty)
        for id in ids { #expect(try Kade.cgroups(of: id).isEmpty) }
        // Other tests have processes and namespaces meanwhile, but no program of this name.
        let names = try FileManager.default.contentsOfDirectory(atPath: "/proc")
        let program = Data("sleep\u{0}7654321\u{0}".utf8)
        #expect(
            names.allSatisfy {
                FileManager.default.contents(atPath: "/proc/\($0)/cmdline") != program
            })
    }
}
