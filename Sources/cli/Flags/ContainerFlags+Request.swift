import Diagnostics
import Engine
import Linux
import OCI
import SystemPackage

// From flags to the engine's request: files are read and names resolved here.
extension ContainerFlags {
    /// The whole request for an image and a command.
    func request(
        image: String, command: [String], in session: Session
    ) throws(Problem) -> ContainerRequest {
        var request = request
        request.image = image
        request.command = command.isEmpty ? nil : command
        request.process.entrypoint = entrypoint.map(EntrypointFlag.words)
        request.process.environment =
            try inheritedEnvironment(in: session)
            + EnvironmentFlags(entries: environment, files: environmentFiles).resolve(in: session)
        for file in labelFiles {
            let text = try FlagFile.text(of: file, flag: "--label-file")
            do {
                for label in try LabelFlag.labels(inFile: text) {
                    request.labels[label.key] = label.value
                }
            } catch { throw FlagFile.problem(error, in: file, flag: "--label-file") }
        }
        for label in labels { request.labels[label.key] = label.value }
        try addSecurityOptions(to: &request)
        for device in devices {
            switch device {
            case .node(let node): request.security.devices.append(node)
            case .interface(let name): request.security.interfaceDevices.append(name)
            }
        }
        try addVolumes(to: &request)
        try addTmpfs(to: &request)
        try addPodmanFlags(to: &request)
        do { try networking.apply(to: &request) } catch {
            throw Problem(
                kind: .invalid, what: "conflicting options", why: error.why, fix: error.fix)
        }
        if request.isRemovedAfterExit && request.restartPolicy != .no {
            throw Problem(
                kind: .invalid, what: "conflicting options", why: "--restart and --rm",
                fix: "use one of them")
        }
        if request.disablesHealthcheck, !request.health.isEmpty {
            throw Problem(
                kind: .invalid, what: "conflicting options",
                why: "--no-healthcheck conflicts with --health-* options", fix: "use one of them")
        }
        try refuseHostnameOfOthers(in: request)
        return request
    }

    /// A container that shares another's name, or the host's, cannot have one of its own.
    private func refuseHostnameOfOthers(in request: ContainerRequest) throws(Problem) {
        guard request.network.hostname != nil else { return }
        let namespaces = request.namespaces
        let other: String
        if namespaces.uts == .host {
            other = "--uts host"
        } else if case .container(let name) = namespaces.network {
            other = "--network container:\(name)"
        } else {
            return
        }
        throw Problem(
            kind: .invalid, what: "conflicting options", why: "--hostname and \(other)",
            fix: "use one of them")
    }

    private func addSecurityOptions(to request: inout ContainerRequest) throws(Problem) {
        for option in securityOptions {
            switch option {
            case .text(let text): request.security.options.append(text)
            case .seccompProfile(let path):
                let profile = try FlagFile.text(of: path, flag: "--security-opt seccomp")
                request.security.options.append("seccomp=\(profile)")
            case .landlockRules(let path):
                let rules = try FlagFile.text(of: path, flag: "--security-opt landlock")
                request.security.options.append("landlock=\(rules)")
            }
        }
    }

    private func addVolumes(to request: inout ContainerRequest) throws(Problem) {
        for volume in volumes {
            if volume.wantsRelabelling && File.exists("/sys/fs/selinux/enforce") {
                throw Problem(
                    kind: .unsupported, what: "cannot mount \(volume.request.target) with z or Z",
                    why: "this version of Kade sets no labels of SELinux",
                    fix: "label the files yourself (chcon -t container_file_t) and leave z out")
            }
            var mount = volume.request
            if case .volume(var request) = mount.kind, let volumeDriver {
                request.driver = volumeDriver
                mount.kind = .volume(request)
            }
            request.mounts.append(mount)
        }
        for index in request.mounts.indices {
            guard case .bind(var bind) = request.mounts[index].kind, bind.source.hasPrefix(".")
            else { continue }
            bind.source = try absolute(bind.source)
            request.mounts[index].kind = .bind(bind)
        }
        var targets: Set<String> = []
        for mount in request.mounts where !targets.insert(mount.target).inserted {
            throw Problem(
                kind: .invalid, what: "duplicate mount point", why: mount.target,
                fix: "mount one thing there")
        }
    }

    /// A source relative to where Kade was called, as an absolute path.
    private func absolute(_ source: String) throws(Problem) -> String {
        do {
            return try WorkingDirectory.path().pushing(FilePath(source))
                .lexicallyNormalized().string
        } catch {
            throw Problem(
                kind: .notFound, what: "cannot find the directory of \(source)",
                why: "\(error)", fix: "write the source as an absolute path", cause: error)
        }
    }
}

/// `--entrypoint`: a program, or as Podman has it a list of words in JSON; empty for none.
enum EntrypointFlag {
    static func words(_ text: String) -> [String] {
        guard !text.isEmpty else { return [] }
        // What is no such list is a program's name, however strange.
        guard text.hasPrefix("["),
            let list = try? JSONValue.parse(Array(text.utf8), named: "--entrypoint").array
        else { return [text] }
        let words = list.compactMap(\.string)
        return words.count == list.count ? words : [text]
    }
}

/// `-e` and `--env-file` of `run`, `create` and `exec` together; `-e` wins.
struct EnvironmentFlags {
    let entries: [String]
    let files: [String]

    func resolve(in session: Session) throws(Problem) -> [String] {
        let flag = EnvironmentFlag(environment: session.environment)
        var all: [String] = []
        for file in files {
            let text = try FlagFile.text(of: file, flag: "--env-file")
            do { all += try flag.entries(inFile: text) } catch {
                throw FlagFile.problem(error, in: file, flag: "--env-file")
            }
        }
        return all + entries.map(flag.resolve)
    }
}

/// A file that a flag names.
enum FlagFile {
    static func text(of path: String, flag: String) throws(Problem) -> String {
        String(decoding: try bytes(of: path, flag: flag), as: UTF8.self)
    }

    /// The lines that say something: no comments, no empty ones.
    static func lines(of path: String, flag: String) throws(Problem) -> [String] {
        try text(of: path, flag: flag).split(whereSeparator: \.isNewline).map(String.init)
            .filter { !$0.hasPrefix("#") && !$0.allSatisfy(\.isWhitespace) }
    }

    static func bytes(of path: String, flag: String) throws(Problem) -> [UInt8] {
        do {
            return try File.read(FilePath(path))
        } catch {
            throw Problem(
                kind: error.errno == .noSuchFileOrDirectory ? .notFound : .denied,
                what: "cannot read \(path) for \(flag)", why: "\(error.errno)",
                fix: error.fixOfNamedFile ?? "let \(path) be read by who runs the command",
                cause: error)
        }
    }

    /// Writes what others read: an ID, a digest.
    static func write(_ text: String, to path: String, what: String) throws(Problem) {
        do {
            try File.create(
                FilePath(path), content: Array(text.utf8),
                permissions: FilePermissions(rawValue: 0o644))
        } catch {
            throw Problem(kind: .denied, what: what, why: "\(error.errno)", cause: error)
        }
    }

    static func problem(_ error: InvalidValue, in path: String, flag: String) -> Problem {
        Problem(
            kind: .invalid, what: "invalid \(flag) \(path)", why: error.why, fix: error.fix)
    }
}
