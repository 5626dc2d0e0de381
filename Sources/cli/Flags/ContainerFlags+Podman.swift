import Diagnostics
import Engine
import Linux
import OCI
import SystemPackage

// Flags of `run` and `create` that Podman has and Docker does not.
extension ContainerFlags {
    static var podmanFlags: [Flag<ContainerFlags>] {
        [
            .switch(
                "env-host", nil, "Use all current host environment variables", \.usesHostEnvironment
            ),
            .list(
                "env-merge", nil, "env",
                "Set variables from those of the image: PATH=/own:${PATH}",
                \.request.process.mergedVariables, EnvironmentMergeFlag.parse),
            .switch(
                "http-proxy", nil, "Set proxy environment variables of the host", \.passesProxies),
            .setting(
                "image-volume", nil, "string",
                "What becomes of the image's volumes: anonymous (default), tmpfs or ignore",
                \.request.imageVolumes, ImageVolumeFlag.parse),
            .value(
                "init-path", nil, "path", "The program of --init, on the host",
                \.request.process.initProgram, HostPathFlag.parse),
            .value(
                "personality", nil, "persona", "Execution domain: LINUX or LINUX32",
                \.request.process.personality, PersonalityFlag.parse),
            .value(
                "pidfile", nil, "path", "Write the container process ID to the file",
                \.request.pidFile, HostPathFlag.parse),
            .switch(
                "read-only-tmpfs", nil,
                "With --read-only, mount a tmpfs on /run, /tmp and /var/tmp", \.mountsTmpfs),
            .pairs(
                "cgroup-conf", nil, "map", "Write KEY=VALUE into the container's cgroup (v2)",
                \.request.resources.unified, KeyValueFlag.parse),
            .text(
                "rdt-class", nil, "class", "The class of service (COS) of resctrl",
                \.request.resources.resourceControlClass),
            .setting(
                "sdnotify", nil, "string",
                "Who tells the service manager of NOTIFY_SOCKET that the container is ready: "
                    + "container (default), conmon, healthy or ignore",
                \.request.notification, NotificationFlag.parse),
            .list(
                "requires", nil, "containers", "Containers that are started before this one",
                \.required),
            .switch(
                "replace", nil, "If a container with the same name exists, replace it", \.replaces),
            .value(
                "timeout", nil, "seconds",
                "Maximum length of time a container is allowed to run (0 for ever)",
                \.request.timeLimitInSeconds, NumberValue.parse(in: 0...Int(Int32.max))),
            .text("tz", nil, "zone", "Set timezone in container", \.request.process.timezone),
            .value(
                "umask", nil, "mask", "Set umask in container, in octal", \.request.process.umask,
                UmaskFlag.parse),
            .list(
                "unsetenv", nil, "name", "Unset environment default variables in container",
                \.request.process.removedVariables),
            .switch(
                "unsetenv-all", nil,
                "Unset all default environment variables in container (but HOME)",
                \.request.process.removesAllVariables),
        ]
    }

    /// The files that tell who is who, of users and hosts.
    static var podmanFileFlags: [Flag<ContainerFlags>] {
        [
            .text(
                "group-entry", nil, "entry",
                "The entry in /etc/group, with $GROUPNAME, $GID and $USERLIST",
                \.request.process.userFiles.groupEntry),
            .value(
                "hosts-file", nil, "path", "A file whose lines come first in /etc/hosts",
                \.request.network.hostsFile, HostPathFlag.parse),
            .list(
                "hostuser", nil, "name", "Add a user of the host to /etc/passwd, by name or UID",
                \.request.process.userFiles.hostUsers),
            .switch(
                "no-hostname", nil, "Leave /etc/hostname to the image",
                \.request.network.keepsHostname),
            .switch(
                "no-hosts", nil, "Leave /etc/hosts to the image", \.request.network.keepsHosts),
            .choice(
                "passwd", nil, "Add the user of --user to /etc/passwd and /etc/group", \.addsUser
            ) { text throws(InvalidValue) in try BooleanValue.parse(text) },
            .text(
                "passwd-entry", nil, "entry",
                "The entry in /etc/passwd, with $USERNAME, $UID, $GID, $NAME and $HOME",
                \.request.process.userFiles.passwdEntry),
        ]
    }

    /// What the container is made of.
    static var podmanImageFlags: [Flag<ContainerFlags>] {
        PlatformParts.flags.map { $0.lifted(to: \.platformParts) } + [
            .text(
                "authfile", nil, "path",
                "The file of containers-auth.json(5) that a pull takes credentials from",
                \.authFile),
            .switch(
                "tls-verify", nil, "A pull wants https and a certificate (default true)",
                \.verifiesServer),
            .switch(
                "rootfs", nil,
                "IMAGE is a directory of the host; with :O behind it, it stays as it is",
                \.hasRootfs),
        ]
    }

    /// What further flags say of the container, together.
    func addPodmanFlags(to request: inout ContainerRequest) throws(Problem) {
        request.platform = try platformParts.joined(with: request.platform)
        request.requires = required.flatMap { $0.split(separator: ",").map(String.init) }
        let hasEntry =
            request.process.userFiles.passwdEntry != nil
            || request.process.userFiles.groupEntry != nil
        guard addsUser != false || !hasEntry else {
            throw Self.conflict("--passwd=false and --passwd-entry or --group-entry")
        }
        request.process.userFiles.addsUser = addsUser ?? hasEntry
        if request.process.initProgram != nil { request.process.hasInit = true }
        if request.network.keepsHosts,
            !request.network.extraHosts.isEmpty || request.network.hostsFile != nil
        {
            throw Self.conflict("--no-hosts and --add-host or --hosts-file")
        }
        if hasRootfs { request.rootfs = try rootfs(request.image) }
    }

    /// `PATH[:O]`.
    private func rootfs(_ text: String) throws(Problem) -> RootfsRequest {
        let isOverlaid = text.hasSuffix(":O")
        let path = isOverlaid ? String(text.dropLast(2)) : text
        do throws(InvalidValue) {
            return RootfsRequest(path: try HostPathFlag.parse(path), isOverlaid: isOverlaid)
        } catch {
            throw Problem(
                kind: .invalid, what: "invalid root file system '\(text)'", why: error.why,
                fix: error.fix)
        }
    }

    private static func conflict(_ flags: String) -> Problem {
        Problem(
            kind: .invalid, what: "conflicting options", why: flags, fix: "use one of them")
    }

    /// Variables that come from Docker's `config.json` and from Kade's own environment, before
    /// those of the user.
    func inheritedEnvironment(in session: Session) throws(Problem) -> [String] {
        let configured = try DockerProxies.variables(in: session)
        let proxies = ["http_proxy", "https_proxy", "ftp_proxy", "no_proxy", "all_proxy"]
        let own = session.environment.filter { name, _ in
            usesHostEnvironment || passesProxies && proxies.contains(name.lowercased())
        }
        return configured.merging(own) { $1 }.map { "\($0.key)=\($0.value)" }.sorted()
    }

    /// A tmpfs where programs write on a read-only root, unless something else is mounted there.
    func addTmpfs(to request: inout ContainerRequest) throws(Problem) {
        guard mountsTmpfs else { return }
        guard request.security.isRootfsReadOnly else {
            throw Problem(
                kind: .invalid, what: "cannot use --read-only-tmpfs",
                why: "the root file system is writable", fix: "add --read-only")
        }
        for target in ["/run", "/tmp", "/var/tmp"]
        where !request.mounts.contains(where: { $0.target == target }) {
            request.mounts.append(
                MountRequest(kind: .tmpfs(TmpfsRequest()), target: target, isReadOnly: false))
        }
    }
}

/// `--umask 0022`.
enum UmaskFlag {
    static func parse(_ text: String) throws(InvalidValue) -> UInt32 {
        guard (1...4).contains(text.utf8.count), let mask = UInt32(text, radix: 8), mask <= 0o777
        else { throw InvalidValue("invalid umask: \(text)", fix: "octal, as 0022") }
        return mask
    }
}

/// `--image-volume`; `bind` is Podman's older word for anonymous volumes.
enum ImageVolumeFlag {
    static func parse(_ text: String) throws(InvalidValue) -> ImageVolumes {
        switch text {
        case "anonymous", "bind": return .volume
        case "tmpfs": return .tmpfs
        case "ignore": return .ignore
        default:
            throw InvalidValue(
                "invalid image-volume type: \(text)", fix: "anonymous, tmpfs or ignore")
        }
    }
}

/// `--env-merge NAME=VALUE`.
enum EnvironmentMergeFlag {
    static func parse(_ text: String) throws(InvalidValue) -> String {
        _ = try KeyValueFlag.parse(text)
        return text
    }
}

/// `--personality`: of those of personality(2) that the runtime specification has.
enum PersonalityFlag {
    static func parse(_ text: String) throws(InvalidValue) -> String {
        guard ["LINUX", "LINUX32"].contains(text) else {
            throw InvalidValue("unknown personality: \(text)", fix: "LINUX or LINUX32")
        }
        return text
    }
}

/// A path of the host, from where Kade is called.
enum HostPathFlag {
    static func parse(_ text: String) throws(InvalidValue) -> String {
        guard !text.isEmpty else { throw InvalidValue("it is empty") }
        do {
            return try WorkingDirectory.path().pushing(FilePath(text)).lexicallyNormalized().string
        } catch {
            throw InvalidValue("the working directory is gone: \(error.errno)")
        }
    }
}
