import Testing

/// A container that a script has to build as Kade does.
struct ShellCase: Sendable, CustomTestStringConvertible {
    let name: String
    /// The flags of `kade run`.
    let flags: [String]
    /// When the script is asked for.
    var state = State.exited
    /// The image; `linked` has links where something is mounted.
    var image = "busybox"
    /// What comes behind the probe.
    var arguments: [String] = []
    /// Differences that the script tells of, by the beginning of the lines.
    var unlike: [String] = []

    enum State: Sendable { case created, running, exited }

    var testDescription: String { name }

    init(
        _ name: String, _ flags: String..., state: State = .exited, image: String = "busybox",
        arguments: [String] = [], unlike: [String] = []
    ) {
        self.name = name
        self.flags = flags
        self.state = state
        self.image = image
        self.arguments = arguments
        self.unlike = unlike
    }

    /// With mapped owners the script's root is on a copy of the image's files: its overlay has layers
    /// of one file system, where Kade's may have several (`xino=on`).
    static let copied = ["mount: ID on nothing 0:N / / "]

    /// FOLDER is a directory of the test, PEER a container that runs, FRONT a network.
    static let all: [ShellCase] = [
        ShellCase("plain"),
        ShellCase("created", "--hostname", "harbour", state: .created),
        ShellCase("running", "-m", "64m", state: .running),
        ShellCase(
            "limits", "-m", "64m", "--memory-swap", "96m", "--memory-reservation", "32m",
            "--cpus", "0.5", "--cpu-shares", "512", "--pids-limit", "20", "--cpuset-cpus", "0",
            "--shm-size", "8m"),
        ShellCase("parent", "--cgroup-parent", "/parent", "--pids-limit", "8"),
        ShellCase(
            "readonly", "--read-only", "--tmpfs", "/t:size=1m,mode=1770", "--tmpfs", "/tmp"),
        ShellCase(
            "user", "--user", "1000:1001", "--group-add", "63", "--workdir", "/home/ann/new",
            "--umask", "0077"),
        ShellCase("named", "--user", "ann", "--workdir", "/tmp"),
        ShellCase(
            "capabilities", "--cap-add", "SYS_TIME", "--cap-drop", "MKNOD", "--cap-drop", "CHOWN"),
        ShellCase(
            "powerless", "--cap-drop", "ALL", "--user", "1000", "--security-opt",
            "no-new-privileges"),
        ShellCase("privileged", "--privileged"),
        ShellCase("none", "--network", "none"),
        ShellCase("host", "--network", "host", "--uts", "host"),
        ShellCase(
            "published", "--network", "front", "-p", "8080:80", "-p", "127.0.0.1:5353:53/udp",
            state: .running,
            // Kade's name server answers nobody else.
            unlike: ["/etc/resolv.conf: nameserver"]),
        ShellCase("six", "--network", "six", unlike: ["/etc/resolv.conf: nameserver"]),
        ShellCase(
            "two", "--network", "front", "--network", "closed",
            unlike: ["/etc/resolv.conf: nameserver"]),
        ShellCase(
            "names", "--dns", "192.0.2.53", "--dns-search", "example.org", "--dns-option",
            "ndots:2", "--add-host", "db:192.0.2.7", "--hostname", "harbour", "--domainname",
            "sea.example"),
        ShellCase("guest", "--network", "container:peer"),
        ShellCase("hostpid", "--pid", "host"),
        ShellCase("peerpid", "--pid", "container:peer"),
        ShellCase("shareable", "--ipc", "shareable", "--shm-size", "4m"),
        ShellCase("peeripc", "--ipc", "container:peer"),
        ShellCase("hostipc", "--ipc", "host"),
        ShellCase(
            "binds", "-v", "FOLDER/a b:/data:ro", "-v", "FOLDER/file:/etc/own", "-v", "stored:/t",
            "--mount",
            "type=bind,src=FOLDER/deep,dst=/deep,ro,bind-propagation=rprivate,bind-recursive=readonly"
        ),
        ShellCase("slave", "-v", "FOLDER/deep:/deep:rslave"),
        ShellCase("shared", "-v", "FOLDER/deep:/deep:rshared"),
        ShellCase(
            "sources", "--mount", "type=volume,src=memory,dst=/data", "--mount",
            "type=volume,src=stored,dst=/t,volume-subpath=below", "--mount",
            "type=image,src=busybox,dst=/image", "-v", "FOLDER/deep:/over:O"),
        ShellCase("links", "-v", "FOLDER/a b:/abs/data", "--tmpfs", "/rel/t", image: "linked"),
        ShellCase(
            "devices", "--device", "/dev/fuse:/dev/own:rm", "--device", "/dev/zero:/dev/sub/zero",
            "--device-cgroup-rule", "b 7:* rw"),
        ShellCase(
            "knobs", "--ulimit", "nofile=500:600", "--ulimit", "core=0", "--sysctl",
            "net.ipv4.ip_unprivileged_port_start=99", "--sysctl", "kernel.msgmax=4096",
            "--oom-score-adj", "300"),
        ShellCase(
            "quotes", "-e", "QUOTED=it's \"$HOME\" `id` \\n", "-e", "LINES=one\ntwo\n#three",
            "-e", "PWD=/elsewhere", "-e", "LD_LIBRARY_PATH=/nowhere", "-e", "EMPTY=", "--workdir",
            "/tmp/o'clock", arguments: ["it's", "$(id)", "two\nlines", "", "INSIDE\nINSIDE"]),
        ShellCase("init", "--init"),
        ShellCase("cgroupns", "--cgroupns", "private", "--security-opt", "seccomp=unconfined"),
        ShellCase(
            "writable", "--security-opt", "writable-cgroups=true", "--security-opt",
            "systempaths=unconfined"),
        ShellCase("lan", "--network", "lan", unlike: ["/etc/resolv.conf: nameserver"]),
        ShellCase(
            "secrets", "--secret", "token", "--secret",
            "token,target=/etc/own,uid=1000,gid=1001,mode=0440", "--secret",
            "token,type=env,target=TOKEN", unlike: ["environment: TOKEN="]),
        ShellCase(
            "auto", "--userns", "auto:size=2000", "--hostname", "harbour", unlike: copied),
        ShellCase(
            "ranges", "--uidmap", "0:300000:1000", "--uidmap", "1000:400000:2000", "--gidmap",
            "0:500000:3000", "--user", "1000:1001", "--group-add", "63", "--workdir",
            "/home/ann/new", "-v", "FOLDER/a b:/data:ro", "-v", "stored:/t", "--tmpfs", "/tmp",
            unlike: copied),
        ShellCase(
            "joined", "--userns", "container:owner", "--network", "none", unlike: copied),
        ShellCase(
            "usersin", "--uidmap", "0:300000:70000", "--read-only", "--cap-drop", "CHOWN", "-m",
            "64m", "--pids-limit", "50", "--ulimit", "nofile=500:600", "--domainname",
            "sea.example", "--sysctl", "net.ipv4.ip_unprivileged_port_start=99", "--cgroupns",
            "private", "--oom-score-adj", "300", state: .running, unlike: copied),
        ShellCase(
            "usersout", "--uidmap", "0:300000:70000", "--network", "host", "--uts", "host",
            "--secret",
            "token,target=/etc/own,uid=1000,gid=1001,mode=0440", "--device", "/dev/fuse", "-v",
            "FOLDER/deep:/over:O", state: .created, unlike: copied),
        ShellCase("zone", "--tz", "Europe/Amsterdam", "--personality", "LINUX32"),
    ]
}
