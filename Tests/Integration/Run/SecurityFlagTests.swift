import Testing

/// The flags of `run` that give and take privileges, seen from inside.
@Suite struct SecurityFlagTests {
    let kade: Kade

    init() throws { kade = try Kade.withBusybox() }

    /// A set of capabilities of a shell in a container: `CapEff` and so on.
    private func capabilities(_ name: String, _ flags: String...) throws -> UInt64 {
        let outcome = try kade.call(
            ["run", "--rm"] + flags + ["busybox", "grep", "\(name):", "/proc/self/status"])
        let digits = outcome.output.split(whereSeparator: \.isWhitespace).last ?? ""
        guard let set = UInt64(digits, radix: 16) else {
            throw Tool.Failure(description: "\(outcome)")
        }
        return set
    }

    /// Docker's default capabilities.
    private let standard: UInt64 = 0xa804_25fb
    private let chown: UInt64 = 1 << 0
    private let netAdmin: UInt64 = 1 << 12
    private let sysTime: UInt64 = 1 << 25

    @Test func `capabilities are Docker's, and --cap-add and --cap-drop change them`() throws {
        #expect(try capabilities("CapEff") == standard)
        #expect(try capabilities("CapBnd") == standard)
        #expect(try capabilities("CapInh") == 0)
        #expect(
            try capabilities("CapEff", "--cap-add", "NET_ADMIN", "--cap-drop", "CAP_CHOWN")
                == standard & ~chown | netAdmin)
        #expect(
            try capabilities("CapEff", "--cap-drop", "ALL", "--cap-add", "sys_time") == sysTime)
        #expect(try capabilities("CapEff", "--cap-drop", "all") == 0)
        #expect(try capabilities("CapEff", "-u", "ann") == 0)
        #expect(try capabilities("CapBnd", "-u", "ann") == standard)
        let unknown = try kade.shell("true", "--cap-add", "FLY")
        #expect(unknown.exitCode == 125)
        #expect(unknown.errors.contains("FLY"))
    }

    @Test func `--cap-add does what the capability is for`() throws {
        let script = "chown 5 /tmp && echo chown; ip link set lo down && echo down"
        let added = try kade.shell(script, "--cap-add", "NET_ADMIN", "--cap-drop", "CHOWN")
        #expect(added.output == "down\n")
        #expect(try kade.shell(script).output == "chown\n")
    }

    @Test(.rootOnly("a user namespace has capabilities that the test's process lacks"))
    func `--privileged has every capability that there is, no filter, and all devices`()
        throws
    {
        let own = try Tool.check("sh", "-c", "grep CapBnd /proc/self/status | tr -cd '0-9a-f\\n'")
        let outcome = try kade.shell(
            "grep -E 'CapEff|Seccomp:' /proc/self/status; ls -d /dev/kmsg; mount -t tmpfs none /tmp"
                + " && echo mounted; touch /sys/kernel/x 2>&1 | grep -c Read-only;"
                + " grep -c ' /proc/' /proc/mounts", "--privileged")
        let set = outcome.lines.first?.split(separator: "\t").last.map(String.init) ?? ""
        let expected = own.split(separator: "\n").last.map { String($0.suffix(16)) } ?? ""
        #expect(set == expected, "\(outcome)")
        #expect(outcome.lines.contains("Seccomp:\t0"))
        #expect(outcome.lines.contains("/dev/kmsg"))
        #expect(outcome.lines.suffix(3) == ["mounted", "0", "0"])
    }

    @Test func `the default filter denies, and seccomp=unconfined does not`() throws {
        let script = "grep Seccomp: /proc/self/status; unshare -U true && echo unshared"
        let filtered = try kade.shell(script)
        #expect(filtered.output == "Seccomp:\t2\n", "\(filtered)")
        #expect(filtered.errors.contains("Operation not permitted"))
        let free = try kade.shell(script, "--security-opt", "seccomp=unconfined")
        #expect(free.lines.first == "Seccomp:\t0")
        #expect(free.lines.last == "unshared")
    }

    @Test func `seccomp=FILE is the filter`() throws {
        let folder = try TemporaryFolder()
        try folder.write(
            #"""
            {"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64"],
             "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO",
                           "errnoRet": 28}]}
            """#, to: "profile.json")
        let option = "seccomp=" + folder.at("profile.json")
        let outcome = try kade.shell(
            "mkdir /tmp/x; touch /tmp/y && echo y", "--security-opt", option)
        #expect(outcome.errors.contains("No space left on device"), "\(outcome)")
        #expect(outcome.output == "y\n")
        try folder.write("{ nothing", to: "broken.json")
        for name in ["broken.json", "absent.json"] {
            let bad = try kade.shell("true", "--security-opt", "seccomp=" + folder.at(name))
            #expect(bad.exitCode == 125, "\(name)")
            #expect(!bad.errors.isEmpty)
        }
    }

    @Test(.enabled(if: landlockVersion > 0)) func `rules of Landlock come from a file`() throws {
        let folder = try TemporaryFolder()
        try folder.write(
            #"{"ruleset": {"handledAccessFS": ["write_file", "make_reg"]}}"#, to: "rules.json")
        let option = "landlock=" + folder.at("rules.json")
        let outcome = try kade.shell(
            "echo x > /tmp/x || read line < /etc/passwd && echo read", "--security-opt", option,
            "--security-opt", "no-new-privileges")
        #expect(outcome.output == "read\n", "\(outcome)")
        #expect(outcome.errors.contains("/tmp/x: Permission denied"), "\(outcome)")
        let alone = try kade.shell("true", "--security-opt", option)
        #expect(alone.exitCode == 125)
        #expect(alone.errors.contains("no-new-privileges"), "\(alone)")
        try folder.write("{}", to: "rules.json")
        let empty = try kade.shell(
            "true", "--security-opt", option, "--security-opt", "no-new-privileges")
        #expect(empty.exitCode == 125)
        #expect(empty.errors.contains("ruleset is missing"), "\(empty)")
    }

    @Test func `no-new-privileges is the kernel's bit`() throws {
        let script = "grep NoNewPrivs /proc/self/status"
        #expect(try kade.shell(script).output == "NoNewPrivs:\t0\n")
        for option in ["no-new-privileges", "no-new-privileges:true", "no-new-privileges=true"] {
            let outcome = try kade.shell(script, "--security-opt", option)
            #expect(outcome.output == "NoNewPrivs:\t1\n", "\(option)")
        }
        let off = try kade.shell(script, "--security-opt", "no-new-privileges=false")
        #expect(off.output == "NoNewPrivs:\t0\n")
        #expect(try kade.shell("true", "--security-opt", "what=1").exitCode == 125)
    }

    @Test func `paths of the kernel are masked or read-only`() throws {
        let script =
            "wc -c < /proc/timer_list; wc -c < /proc/keys; ls /proc/acpi /sys/firmware 2>/dev/null | grep -v :"
            + " | grep -c .; echo h > /proc/sysrq-trigger || echo denied;"
            + " echo 1 > /proc/sys/vm/drop_caches || echo denied; mkdir /sys/fs/cgroup/x 2>/dev/null"
            + " || echo denied"
        let outcome = try kade.shell(script)
        #expect(outcome.lines == ["0", "0", "0", "denied", "denied", "denied"], "\(outcome)")
        let open = try kade.shell(
            "grep -cE ' /proc/(kcore|sys|bus|sysrq-trigger) ' /proc/mounts",
            "--security-opt", "systempaths=unconfined")
        #expect(open.output == "0\n")
    }

    @Test func `--device makes the node and lets it be used`() throws {
        let without = try kade.shell("ls /dev/fuse; mknod /tmp/f c 10 229 && : < /tmp/f")
        #expect(without.exitCode != 0)
        let outcome = try kade.shell(
            "stat -c '%t:%T %F' /dev/null2; echo x > /dev/null2 && echo written;"
                + " stat -c %t:%T /dev/zero2; head -c 3 /dev/zero2 | wc -c; sh -c ': > /dev/kmsg' || echo denied",
            "--device", "/dev/null:/dev/null2", "--device", "/dev/zero:/dev/zero2:r",
            "--device", "/dev/kmsg:/dev/kmsg:r")
        #expect(
            outcome.lines == [
                "1:3 character special file", "written", "1:5", "3", "denied",
            ], "\(outcome)")
        let absent = try kade.shell("true", "--device", "/dev/no-such-device")
        #expect(absent.exitCode == 125)
        #expect(absent.errors.contains("/dev/no-such-device"))
        #expect(try kade.shell("true", "--device", "/etc/passwd").exitCode == 125)
    }

    @Test(.rootOnly("the kernel lets no user make devices"))
    func `--device-cgroup-rule allows a device that the container makes`() throws {
        let script = "mknod /tmp/k c 10 229 && : < /tmp/k && echo opened"
        #expect(try kade.shell(script).output.isEmpty)
        let allowed = try kade.shell(script, "--device-cgroup-rule", "c 10:229 r")
        #expect(allowed.output == "opened\n", "\(allowed)")
    }

    @Test func `the default devices and links are there`() throws {
        let outcome = try kade.shell(
            "for name in null zero full random urandom tty; do test -c /dev/$name || echo no $name;"
                + " done; for name in fd stdin stdout stderr ptmx; do readlink /dev/$name; done;"
                + " echo x > /dev/full || echo full")
        #expect(
            outcome.lines == [
                "/proc/self/fd", "/proc/self/fd/0", "/proc/self/fd/1", "/proc/self/fd/2",
                "pts/ptmx", "full",
            ], "\(outcome)")
    }
}
