import Foundation
import Testing

/// The user namespace that an ordinary user's commands and monitors share, and what it is kept by.
@Suite(.enabled(if: isRoot)) struct RootlessNamespaceTests {
    private func userNamespace(of process: String) throws -> String {
        try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(process)/ns/user")
    }

    @Test func `commands that begin at once share one namespace`() throws {
        let kade = try Kade.withBusybox(as: TestUser())
        let keeper = try #require(kade.keeper)  // the import's
        kill(keeper, SIGKILL)
        try kade.wait { !FileManager.default.fileExists(atPath: "/proc/\(keeper)") }
        let runs = try (0..<8).map { number in
            try kade.start("run", "-d", "--name", "at-once-\(number)", "busybox", "sleep", "60")
        }
        for run in runs { #expect(try run.wait().exitCode == 0) }
        let pids = try (0..<8).map { try kade.inspect("at-once-\($0)", "{{.State.Pid}}") }
        let namespaces = Set(try pids.map { try userNamespace(of: $0) })
        #expect(namespaces == [try userNamespace(of: "\(try #require(kade.keeper))")])
    }

    @Test func `a keeper that was killed is replaced in the containers' namespace`() throws {
        let kade = try Kade.withBusybox(as: TestUser())
        try kade.check("run", "-d", "--name", "kept", "busybox", "sleep", "60")
        let namespace = try userNamespace(of: kade.inspect("kept", "{{.State.Pid}}"))
        let first = try #require(kade.keeper)
        kill(first, SIGKILL)
        try kade.wait { !FileManager.default.fileExists(atPath: "/proc/\(first)") }
        #expect(try kade("exec", "kept", "id", "-u").output == "0\n")
        let second = try #require(kade.keeper)
        #expect(second != first)
        #expect(try userNamespace(of: "\(second)") == namespace)
        try kade.check("rm", "-f", "kept")
    }

    @Test func `without subordinate IDs the user is alone, which is said once`() throws {
        let kade = try Kade(as: TestUser(hasSubordinates: false))
        let archive = kade.folder.at("own.tar")
        try Tool.check(
            "sh", "-c",
            """
            mkdir -p "$1/r/bin" && cp /bin/busybox "$1/r/bin" && ln -s busybox "$1/r/bin/cat"
            tar -C "$1/r" --owner 0 --group 0 -cf "$1/own.tar" .
            """, "sh", kade.folder.path)
        let outcome = try kade("import", archive, "own")
        #expect(outcome.exitCode == 0, "\(outcome.errors)")
        #expect(outcome.errors.contains("WARNING: there is no range of IDs in /etc/subuid"))
        let run = try kade("run", "--rm", "own", "cat", "/proc/self/uid_map")
        #expect(run.output.split(separator: " ").count == 3)
        #expect(run.output.split(separator: "\n").count == 1)
        #expect(!run.errors.contains("WARNING"))
        let refused = try kade("import", Kade.busyboxArchive.get(), "others")
        #expect(refused.exitCode != 0)
        #expect(refused.errors.contains("belongs to user 1000 and group 1001"), "\(refused.errors)")
        #expect(refused.errors.contains("usermod --add-subuids"))
    }

    @Test func `a run root that others may write to is refused`() throws {
        let user = try TestUser()
        let kade = try Kade(as: user)
        try Tool.check("mkdir", "-m", "777", kade.runRoot)
        for (owner, why) in [
            (TestUser.id, "others may write to it: its mode is 777"), (0, "it belongs to user 0\n"),
        ] {
            try Tool.check("chown", "\(owner)", kade.runRoot)
            let outcome = try kade("ps")
            #expect(outcome.exitCode == 1)
            #expect(outcome.errors.contains(why), "\(outcome.errors)")
        }
        try Tool.check("rmdir", kade.runRoot)
    }

    @Test func `a user's things are where the desktop's rules have them`() throws {
        let user = try TestUser()
        let folder = try TemporaryFolder()
        try user.own(folder.path)
        let program = BuiltProgram.path("kade")
        let format = "info -f '{{.DockerRootDir}} {{.RunRoot}}'"
        let script = """
            \(program) \(format)
            XDG_DATA_HOME=$HOME/share \(program) \(format)
            env -u HOME \(program) info
            cut -d ' ' -f 1 runtime/kade/namespace
            """
        let outcome = try user.shell("cd $HOME; " + script, home: folder.path)
        if let keeper = outcome.lines.last.flatMap({ pid_t($0) }) { kill(keeper, SIGKILL) }
        #expect(
            outcome.lines.prefix(2) == [
                "\(folder.path)/.local/share/kade \(folder.path)/runtime/kade",
                "\(folder.path)/share/kade \(folder.path)/runtime/kade",
            ])
        #expect(outcome.errors.contains("neither HOME nor XDG_DATA_HOME is set"))
    }

    @Test func `unshare enters the namespace, where images can be mounted`() throws {
        let kade = try Kade.withBusybox(as: TestUser())
        let outside = try kade("image", "mount", "busybox")
        #expect(outside.exitCode == 1)
        #expect(outside.errors.contains("kade unshare"))
        let program = BuiltProgram.path("kade")
        let outcome = try kade(
            "unshare", "sh", "-c",
            "id -u; stat -c %u:%g \"$(\(program) image mount busybox)/home/ann\";"
                + " \(program) image unmount busybox > /dev/null && echo unmounted; exit 3")
        #expect(outcome.lines == ["0", "1000:1001", "unmounted"], "\(outcome.errors)")
        #expect(outcome.exitCode == 3)
        let root = try Kade()
        #expect(try root("unshare", "true").errors.contains("root's containers share"))
    }
}
