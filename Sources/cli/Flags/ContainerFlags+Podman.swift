import Diagnostics
import Engine
import Linux
import SystemPackage

// Flags of `run` and `create` that Podman has and Docker does not.
extension ContainerFlags {
    static var podmanFlags: [Flag<ContainerFlags>] {
        [
            .switch(
                "env-host", nil, "Use all current host environment variables", \.usesHostEnvironment
            ),
            .switch(
                "http-proxy", nil, "Set proxy environment variables of the host", \.passesProxies),
            .setting(
                "image-volume", nil, "string",
                "What becomes of the image's volumes: anonymous (default), tmpfs or ignore",
                \.request.imageVolumes, ImageVolumeFlag.parse),
            .value(
                "pidfile", nil, "path", "Write the container process ID to the file",
                \.request.pidFile, PidFileFlag.parse),
            .switch(
                "read-only-tmpfs", nil,
                "With --read-only, mount a tmpfs on /run, /tmp and /var/tmp", \.mountsTmpfs),
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

    /// Variables that come from Kade's own environment, before those of the user.
    func inheritedEnvironment(in session: Session) -> [String] {
        let proxies = ["http_proxy", "https_proxy", "ftp_proxy", "no_proxy", "all_proxy"]
        return session.environment.filter { name, _ in
            usesHostEnvironment || passesProxies && proxies.contains(name.lowercased())
        }.map { "\($0.key)=\($0.value)" }.sorted()
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

/// `--pidfile`: a file of the host, from where Kade is called.
enum PidFileFlag {
    static func parse(_ text: String) throws(InvalidValue) -> String {
        guard !text.isEmpty else { throw InvalidValue("it is empty") }
        do {
            return try WorkingDirectory.path().pushing(FilePath(text)).lexicallyNormalized().string
        } catch {
            throw InvalidValue("the working directory is gone: \(error.errno)")
        }
    }
}
