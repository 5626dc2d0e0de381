import Foundation
import OCI
import Testing

@Suite(.enabled(if: isRoot)) struct RuntimeLifecycleTests {
    /// The init of crun's `create` keeps the descriptors by which Foundation waits for crun's end.
    @Test(arguments: [RuntimeUnderTest.kade, .runc])
    func `a container is created, started, killed and deleted, and leaves nothing`(
        runtime: RuntimeUnderTest
    ) throws {
        guard runtime.isInstalled else { return }
        let bundle = try RuntimeBundle(for: runtime)
        try bundle.write(shell: "exec sleep 1000")
        let pidFile = bundle.folder.at("pid")
        let created = try bundle.runtime(
            "create", "--bundle", bundle.folder.path, "--pid-file", pidFile, bundle.id)
        #expect(created.exitCode == 0, "\(created.errors)")
        #expect(try bundle.state()["status"]?.string == "created")
        #expect(try bundle.state()["pid"]?.int.map(String.init) == bundle.folder.text("pid"))

        #expect(try bundle.runtime("start", bundle.id).exitCode == 0)
        #expect(try bundle.state()["status"]?.string == "running")
        let again = try bundle.runtime("start", bundle.id)
        #expect(again.exitCode == 1)
        #expect(
            runtime != .kade || again.errors.contains("cannot start a container that is running"))
        let early = try bundle.runtime("delete", bundle.id)
        #expect(early.exitCode == 1)
        #expect(early.errors.contains("that is not stopped: running"))

        #expect(try bundle.runtime("kill", bundle.id, "KILL").exitCode == 0)
        try bundle.waitUntilStopped()
        let late = try bundle.runtime("kill", bundle.id, "TERM")
        #expect(late.exitCode == 1)
        #expect(late.errors.contains("container not running"), "\(late)")
        #expect(try bundle.runtime("delete", bundle.id).exitCode == 0)
        #expect(try bundle.leftovers().isEmpty)
        let gone = try bundle.runtime("state", bundle.id)
        #expect(gone.exitCode == 1)
        #expect(gone.errors.contains("container does not exist"))
        #expect(try bundle.runtime("delete", "--force", bundle.id).exitCode == 0)
    }

    @Test func `a created container is deleted by force only`() throws {
        let bundle = try RuntimeBundle()
        try bundle.write(shell: "true")
        try bundle.create()
        #expect(try bundle.runtime("delete", bundle.id).errors.contains("not stopped: created"))
        #expect(try bundle.state()["status"]?.string == "created")
        #expect(try bundle.runtime("delete", "--force", bundle.id).exitCode == 0)
        #expect(try bundle.leftovers().isEmpty)
    }

    @Test func `a container whose removal was cut short is deleted`() throws {
        let bundle = try RuntimeBundle()
        // The state goes before what else there is, and once the container itself is gone.
        try Tool.check("mkdir", "-p", "\(bundle.root)/\(bundle.id)/notify")
        #expect(try bundle.runtime("delete", "--force", bundle.id).exitCode == 0)
        #expect(try bundle.leftovers().isEmpty)
    }

    @Test func `a container without a process is created, and refuses its start`() throws {
        let bundle = try RuntimeBundle { $0.process = nil }
        try bundle.write()
        try bundle.create()
        let start = try bundle.runtime("start", bundle.id)
        #expect(start.exitCode == 1)
        #expect(start.errors.contains("has no process"))
        #expect(try bundle.state()["status"]?.string == "created")
        let run = try bundle.runtime("run", "--bundle", bundle.folder.path, bundle.id + "-run")
        #expect(run.errors.contains("has no process"))
    }

    @Test(arguments: RuntimeUnderTest.allCases)
    func `a second container of the same name is refused, and the first one lives`(
        runtime: RuntimeUnderTest
    ) throws {
        guard runtime.isInstalled else { return }
        let bundle = try RuntimeBundle(for: runtime)
        try bundle.startSleeping()
        let second = try bundle.run(shell: "true")
        #expect(second.exitCode == 1)
        #expect(
            runtime == .crun || second.errors.contains("container with given ID already exists"))
        #expect(try bundle.state()["status"]?.string == "running")
    }

    @Test(arguments: RuntimeUnderTest.allCases)
    func `pause stops every process, and resume lets it go on`(runtime: RuntimeUnderTest) throws {
        guard runtime.isInstalled else { return }
        let bundle = try RuntimeBundle(for: runtime)
        try bundle.write(shell: "i=0; while :; do i=$((i + 1)); echo $i > /tmp/n; done")
        #expect(
            try bundle.runtime("run", "--detach", "--bundle", bundle.folder.path, bundle.id)
                .exitCode == 0)
        let number = { Int(try bundle.folder.text("rootfs/tmp/n").dropLast()) ?? 0 }
        for _ in 0..<3000 where ((try? number()) ?? 0) == 0 { usleep(20_000) }  // not written yet
        #expect(try bundle.runtime("pause", bundle.id).exitCode == 0)
        #expect(try bundle.state()["status"]?.string == "paused")
        var first = try bundle.folder.text("rootfs/tmp/n")
        usleep(300_000)
        try wait {  // crun does not wait until the kernel has stopped them all
            let last = first
            guard runtime == .crun else { return true }
            first = try bundle.folder.text("rootfs/tmp/n")
            usleep(300_000)
            return first == last
        }
        #expect(try bundle.folder.text("rootfs/tmp/n") == first)
        if runtime != .crun {
            #expect(
                try bundle.exec(shell: "true").errors.contains("cannot exec in a paused container"))
        }
        #expect(try bundle.runtime("resume", bundle.id).exitCode == 0)
        try wait { try bundle.folder.text("rootfs/tmp/n") != first }
        #expect(try bundle.exec(shell: "exit 4").exitCode == 4)
    }

    @Test func `later edits of the configuration have no effect on exec`() throws {
        let bundle = try RuntimeBundle { $0.process?.env.append("WHO=creation") }
        try bundle.startSleeping()
        bundle.spec.process?.env = ["WHO=edit"]
        try bundle.write()
        #expect(try bundle.exec(shell: "echo $WHO").output == "creation\n")
    }

    @Test func `ps and list show the container`() throws {
        let bundle = try RuntimeBundle()
        try bundle.startSleeping()
        let pid = try #require(try bundle.state()["pid"]?.int)
        #expect(try bundle.runtime("ps", "--format", "json", bundle.id).output == "[\(pid)]\n")
        #expect(try bundle.runtime("ps", bundle.id).lines.count == 2)
        #expect(try bundle.runtime("list", "--quiet").lines == [bundle.id])
        let table = try bundle.runtime("list").lines
        #expect(table.first?.hasPrefix("ID ") == true)
        #expect(table.last?.contains("running") == true)
    }

    @Test(arguments: [
        (["nosuch"], "executable file not found in $PATH"),
        (["/no/such"], "no such file or directory"), (["/tmp"], "is a directory"),
        (["/etc/passwd"], "permission denied"),
    ])
    func `a program that cannot be executed fails the creation`(
        program: [String], words: String
    ) throws {
        // crun of Debian 12 finds out at the start only.
        if RuntimeUnderTest.runc.isInstalled {
            let bundle = try RuntimeBundle(for: .runc) { $0.process?.args = program }
            try bundle.write()
            let outcome = try bundle.runtime("create", "-b", bundle.folder.path, bundle.id)
            #expect(outcome.exitCode == 1)
            let others = program == ["/tmp"] ? "permission denied" : words
            #expect(outcome.errors.contains(others), "\(outcome)")
        }
        let bundle = try RuntimeBundle { $0.process?.args = program }
        try bundle.write()
        let outcome = try bundle.runtime("create", "-b", bundle.folder.path, bundle.id)
        #expect(outcome.exitCode == 1)
        #expect(outcome.errors.contains(words))
        #expect(try bundle.leftovers().isEmpty)
    }

    @Test func `a program that is gone by the start is the start's error`() throws {
        let bundle = try RuntimeBundle { $0.process?.args = ["/tmp/program"] }
        try bundle.folder.write("#!/bin/sh\n", to: "rootfs/tmp/program")
        try Tool.check("chmod", "755", bundle.folder.at("rootfs/tmp/program"))
        try bundle.write()
        try bundle.create()
        try Tool.check("rm", bundle.folder.at("rootfs/tmp/program"))
        let start = try bundle.runtime("start", bundle.id)
        #expect(start.exitCode == 1)
        #expect(start.errors.contains("/tmp/program"), "\(start)")
        #expect(start.errors.contains("no such file or directory"), "\(start)")
        #expect(try bundle.leftovers().isEmpty)
    }

    /// Waits until something holds, at most a minute.
    private func wait(until isTrue: () throws -> Bool) throws {
        for _ in 0..<3000 {
            if try isTrue() { return }
            usleep(20_000)
        }
        throw Tool.Failure(description: "waited in vain")
    }
}
