import Diagnostics
import Engine
import Linux
import OCI
import Storage
import SystemPackage

/// RUN.
extension StepRun {
    func run(_ run: RunStep, on progress: StageProgress) throws(Problem) -> Outcome {
        var inputs = commonInputs(
            of: progress, instruction: run.arguments.map { "\($0)\n" }.joined())
        inputs.values[StepInput.parent] = CacheKey.digest(of: progress.diffIDs)
        for entry in run.environment {
            let name = entry.prefix { $0 != "=" }
            inputs.values["the variable \(name)"] = String(entry.dropFirst(name.count + 1))
        }
        inputs.values["the user"] = run.user
        inputs.values["the working directory"] = run.workingDirectory
        inputs.values["the network"] = network(of: run).word
        if run.security == .insecure { inputs.values["--security"] = run.security.rawValue }
        if let name = build.request.sandboxHostname { inputs.values["the host name"] = name }
        inputs.values["--add-host"] = build.request.extraHosts.joined(separator: " ")
        if let script = run.script {
            inputs.values["the here-document"] = "\(script.name)\n\(script.content)"
        }
        for (number, mount) in run.mounts.enumerated() {
            inputs.values["mount \(number + 1)"] = try identity(of: mount)
        }
        try checkEntitlements(of: run)
        try checkProcessor(of: progress.platform)
        return try cached(inputs) { () throws(Problem) in try execute(run, on: progress) }
    }

    private func execute(
        _ run: RunStep, on progress: StageProgress
    ) throws(Problem) -> BuiltLayer? {
        let files = try build.engine.steps.begin(on: progress.diffIDs)
        let mounts = try RunMounts(run, files: files, step: self)
        let code: Int32
        do throws(Problem) {
            code = try files.run(
                request(run, mounts), interruption: build.interruption.descriptor
            ) { bytes in build.report(.output(name, bytes)) }
        } catch {
            try mounts.end()
            throw error
        }
        try mounts.end()
        guard code == 0 else {
            throw placed.source.problem(
                "process \"\(run.arguments.joined(separator: " "))\" did not complete successfully: "
                    + "exit code: \(code)")
        }
        return try layer(of: files, on: progress, withoutMountPoints: mounts.mountPoints)
    }

    /// The container that runs it: everything of it is the same on every machine.
    private func request(_ run: RunStep, _ mounts: RunMounts) -> ContainerRequest {
        var request = ContainerRequest(image: "build")
        request.command = run.arguments
        request.process.environment = run.environment + run.hiddenEnvironment + mounts.environment
        request.process.user = run.user.isEmpty ? nil : run.user
        request.process.workingDirectory = run.workingDirectory
        switch network(of: run) {
        case .standard: request.network.attachments = nil
        case .none: request.network.attachments = []
        case .host: request.namespaces.network = .host
        case .named(let name):
            request.network.attachments = [NetworkAttachment(network: name)]
        }
        request.network.hostname = build.request.sandboxHostname ?? "build"
        request.network.extraHosts = build.request.extraHosts
        request.resources = build.request.resources
        request.logging.driver = "none"
        request.security.isPrivileged = run.security == .insecure
        request.mounts = mounts.requests
        return request
    }

    private func network(of run: RunStep) -> BuildNetwork {
        switch run.network {
        case .none: .none
        case .host: .host
        case .inherited: build.request.network
        }
    }

    /// Refuses what the caller of the build did not allow the Dockerfile.
    private func checkEntitlements(of run: RunStep) throws(Problem) {
        var needed: BuildEntitlement?
        if run.security == .insecure { needed = .insecure }
        // Who gives all of the build the host's network has allowed it.
        if run.network == .host, build.request.network != .host { needed = .hostNetwork }
        guard let needed, !build.request.entitlements.contains(needed) else { return }
        throw placed.source.problem(
            "\(needed.rawValue) is not allowed",
            fix: "allow it, if you trust the Dockerfile: --allow \(needed.rawValue)", kind: .denied)
    }

    /// What of a mount decides about the result.
    private func identity(of mount: RunMount) throws(Problem) -> String {
        switch mount.kind {
        case .bind(let from, let source, let isReadOnly):
            let open = try build.tree(from: from, in: stage, name)
            var digest = TreeDigest(
                keepsOwners: open.tree.keepsOwners, stats: open.stats)
            for found in try open.tree.choose(source, excluded: .none, crossesDirectories: false) {
                try digest.add(found, of: open.tree)
            }
            return "bind \(mount.target) \(isReadOnly) \(digest.digest.encoded)"
        case .cache(let cache):
            return "cache \(mount.target) \(build.request.cacheMountID(cache.id))"
        case .tmpfs: return "tmpfs \(mount.target)"
        case .secret(let secret): return "secret \(mount.target) \(secret.id)"
        case .ssh(let agent): return "ssh \(mount.target) \(agent.id)"
        }
    }

    /// Refuses programs of a processor that neither this machine nor an emulator runs.
    private func checkProcessor(of platform: StagePlatform) throws(Problem) {
        let wanted = Platform(
            os: platform.os, architecture: platform.architecture, variant: platform.variant)
        guard !Platform.host.runnable.contains(where: { $0.architecture == wanted.architecture })
        else { return }
        let name = "qemu-\(Self.emulator(of: wanted.architecture))"
        let handler = FilePath("/proc/sys/fs/binfmt_misc").appending(name)
        let why = "it runs a program of \(wanted) on a machine of \(Platform.host)"
        let text: String
        do throws(SystemCallError) {
            text = String(decoding: try File.read(handler), as: UTF8.self)
        } catch  where error.errno == .noSuchFileOrDirectory {
            throw placed.source.problem(
                "\(why), which has no emulator \(name) in /proc/sys/fs/binfmt_misc",
                fix: "install one: apt install qemu-user-static binfmt-support",
                kind: .unsupported)
        } catch {
            throw Problem(error, what: "cannot read \(handler)")
        }
        let lines = text.split(separator: "\n")
        let flags = lines.first { $0.hasPrefix("flags:") } ?? ""
        guard lines.first == "enabled", flags.contains("F") else {
            throw placed.source.problem(
                "\(why), whose emulator \(name) is not enabled, or not opened beforehand (flag F)",
                fix: "register it anew: apt install --reinstall qemu-user-static",
                kind: .unsupported)
        }
    }

    /// QEMU's word for a processor.
    private static func emulator(of architecture: String) -> String {
        switch architecture {
        case "amd64": "x86_64"
        case "arm64": "aarch64"
        case "386": "i386"
        default: architecture
        }
    }
}
