import ContainerRuntime
import Linux
import OCI
import Testing

/// Programs that are restricted by Landlock, as the annotation `org.kade.landlock` asks for.
///
/// No other runtime has it, and no version of the specification.
@Suite(.enabled(if: isRoot && landlockVersion > 0)) struct LandlockTests {
    /// Files may be read and executed anywhere but in `/home`, and written in `/tmp`.
    private static let files = """
        {"ruleset": {"handledAccessFS": ["execute", "read_file", "read_dir", "write_file",
                                         "make_reg", "make_dir", "remove_file"]},
         "rules": {"pathBeneath": [
            {"allowedAccess": ["execute", "read_file", "read_dir"], "paths": ["/bin", "/proc"]},
            {"allowedAccess": ["read_file", "write_file"], "paths": ["/etc/passwd"]},
            {"allowedAccess": ["read_file", "write_file", "make_reg"], "paths": ["/tmp"]}]}}
        """

    private static let script = """
        cat /etc/passwd > /tmp/copy && grep -c . < /tmp/copy
        ls /home 2>&1; echo x 2>&1 > /etc/group; mkdir /tmp/x 2>&1; rm /tmp/copy 2>&1
        ls /bin > /tmp/list && echo listed
        """

    private static let shown = [
        "2", "ls: can't open '/home': Permission denied",
        "sh: can't create /etc/group: Permission denied",
        "mkdir: can't create directory '/tmp/x': Permission denied",
        "rm: can't remove '/tmp/copy': Permission denied", "listed",
    ]

    private func bundle(
        _ text: String, _ change: (inout RuntimeSpec) -> Void = { _ in }
    ) throws -> RuntimeBundle {
        try RuntimeBundle {
            $0.annotations[LandlockPlan.annotation] = text
            change(&$0)
        }
    }

    /// Whatever it writes to, in whichever order: standard error is standard output.
    private static let merged = "exec 2>&1; " + script

    @Test(arguments: [0, 1000])
    func `files and directories are out of reach, whoever the program is`(user: UInt32) throws {
        let bundle = try bundle(Self.files) { $0.process?.user = .init(uid: user, gid: user) }
        try Tool.check("chmod", "-R", "a+rwX", bundle.folder.at("rootfs"))
        let outcome = try bundle.run(shell: Self.merged)
        #expect(outcome.lines == Self.shown, "\(outcome)")
        bundle.spec.annotations = [:]
        let free = try bundle.run(shell: "rm -r /tmp/*; " + Self.merged)
        #expect(free.lines == ["2", "ann", "listed"], "\(free)")
    }

    @Test func `create and start, exec, and hooks`() throws {
        let bundle = try bundle(Self.files) {
            $0.hooks = .init(
                startContainer: [.init(path: "/bin/sh", args: ["sh", "-c", "echo h > /home/hook"])])
            $0.process?.args = ["sleep", "1000"]
        }
        try bundle.write()
        try bundle.create()
        try bundle.runtime("start", bundle.id)
        #expect(try bundle.folder.text("rootfs/home/hook") == "h\n", "it runs before")
        let outcome = try bundle.exec(shell: Self.merged)
        #expect(outcome.lines == Self.shown, "\(outcome)")
        let kept = try bundle.runtime("checkpoint", bundle.id)
        #expect(kept.exitCode == 1 && kept.errors.contains("Landlock"), "\(kept)")
        let restored = try bundle.runtime("restore", "--bundle", bundle.folder.path, "other")
        #expect(restored.exitCode == 1 && restored.errors.contains("Landlock"), "\(restored)")
        let raised = try bundle.exec(shell: "grep NoNewPrivs /proc/self/status")
        #expect(raised.lines == ["NoNewPrivs:\t1"])
        try bundle.folder.write(
            #"{"args":["true"],"env":["PATH=/bin"],"cwd":"/"}"#, to: "process.json")
        let free = try bundle.runtime(
            "exec", "--process", bundle.folder.at("process.json"), bundle.id)
        #expect(free.exitCode == 255 && free.errors.contains("no_new_privs"), "\(free)")
    }

    @Test(.enabled(if: landlockVersion >= 4))
    func `ports are out of reach`() throws {
        let bundle = try bundle(
            """
            {"ruleset": {"handledAccessNet": ["bind_tcp", "connect_tcp"]},
             "rules": {"netPort": [{"allowedAccess": ["connect_tcp"], "ports": [7001]},
                                   {"allowedAccess": ["bind_tcp"], "ports": [7003]}]}}
            """)
        let outcome = try bundle.run(
            shell: """
                exec 2>&1
                for port in 7001 7002; do nc 127.0.0.1 $port < /dev/null; done
                nc -l -p 7001 < /dev/null
                nc -l -p 7003 -w 1 < /dev/null; true
                """)
        #expect(
            outcome.lines == [
                "nc: can't connect to remote host (127.0.0.1): Connection refused",
                "nc: can't connect to remote host (127.0.0.1): Permission denied",
                "nc: bind: Permission denied", "nc: timed out",
            ], "\(outcome)")
    }

    @Test(.enabled(if: landlockVersion >= 6))
    func `signals stay among the restricted`() throws {
        let bundle = try bundle(#"{"ruleset": {"scoped": ["signal"]}}"#)
        try bundle.startSleeping()
        let outcome = try bundle.exec(
            shell: "sleep 1000 & kill $! && echo own; kill -0 1 2>&1 || echo other")
        #expect(outcome.lines.first == "own" && outcome.lines.last == "other", "\(outcome)")
        #expect(outcome.output.contains("not permitted"), "\(outcome)")
    }

    @Test func `a seccomp filter that refuses Landlock is loaded after it`() throws {
        let bundle = try bundle(Self.files) {
            $0.linux?.seccomp = .init(
                defaultAction: .allow,
                syscalls: [
                    .init(
                        names: [
                            "landlock_create_ruleset", "landlock_add_rule",
                            "landlock_restrict_self",
                        ], action: .errno)
                ])
        }
        let outcome = try bundle.run(shell: "ls /home")
        #expect(outcome.errors.contains("Permission denied"), "\(outcome)")
    }

    @Test func `a program that has CAP_SYS_ADMIN needs no no_new_privs`() throws {
        let names = ["CAP_SYS_ADMIN"]
        let bundle = try bundle(Self.files) {
            $0.process?.noNewPrivileges = false
            $0.process?.capabilities = .init(bounding: names, effective: names, permitted: names)
        }
        let outcome = try bundle.run(shell: "ls /home")
        #expect(outcome.errors.contains("Permission denied"), "\(outcome)")
        bundle.spec.process?.capabilities = nil
        let without = try bundle.run(shell: "true")
        #expect(without.exitCode == 1 && without.errors.contains("CAP_SYS_ADMIN"), "\(without)")
    }

    @Test(arguments: [
        (["/nothere"], ["read_file"], "cannot allow access to /nothere"),
        (["/etc/passwd"], ["read_dir"], "it is no directory"),
        (["/proc/self/exe"], ["read_file"], "cannot allow access to /proc/self/exe"),
    ])
    func `paths that mean nothing fail the creation, which leaves nothing`(
        paths: [String], access: [String], complaint: String
    ) throws {
        let rule: JSONValue = [
            "allowedAccess": .array(access.map { .string($0) }),
            "paths": .array(paths.map { .string($0) }),
        ]
        let policy: JSONValue = [
            "ruleset": ["handledAccessFS": ["read_file", "read_dir"]],
            "rules": ["pathBeneath": .array([rule])],
        ]
        let bundle = try bundle(policy.jsonString())
        try bundle.write(shell: "true")
        let outcome = try bundle.runtime("create", "--bundle", bundle.folder.path, bundle.id)
        #expect(outcome.exitCode == 1)
        #expect(outcome.errors.contains(complaint), "\(outcome)")
        #expect(try bundle.leftovers().isEmpty)
    }

    @Test func `a program that may not be executed says what may be the reason`() throws {
        let bundle = try bundle(#"{"ruleset": {"handledAccessFS": ["execute"]}}"#)
        let outcome = try bundle.run(shell: "true")
        #expect(outcome.exitCode == 1)
        #expect(outcome.errors.contains("Landlock"), "\(outcome)")
    }

    @Test func `a plan shows the steps`() throws {
        let bundle = try bundle(Self.files)
        try bundle.write(shell: "true")
        let outcome = try bundle.runtime(
            "create", "--plan", "--bundle", bundle.folder.path, bundle.id)
        #expect(outcome.output.contains("landlock_create_ruleset(execute|read_file"), "\(outcome)")
        #expect(outcome.output.contains("landlock_restrict_self"))
    }
}

/// The version of the kernel's interface; 0 where there is none.
let landlockVersion = (try? Landlock.version()) ?? 0
