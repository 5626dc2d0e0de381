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
        inputs.values["the network"] = "\(networkMode(of: run))"
        inputs.values["--add-host"] = build.request.extraHosts.joined(separator: " ")
        if let script = run.script {
            inputs.values["the here-document"] = "\(script.name)\n\(script.content)"
        }
        for (number, mount) in run.mounts.enumerated() {
            inputs.values["mount \(number + 1)"] = try identity(of: mount)
        }
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
        request.namespaces.network = networkMode(of: run)
        request.network.hostname = "build"
        request.network.extraHosts = build.request.extraHosts
        request.resources = build.request.resources
        request.logging.driver = "none"
        request.mounts = mounts.requests
        return request
    }

    private func networkMode(of run: RunStep) -> NamespaceMode {
        switch run.network {
        case .none: .isolated
        case .host: .host
        case .inherited: build.request.network
        }
    }

    /// What of a mount decides about the result.
    private func identity(of mount: RunMount) throws(Problem) -> String {
        switch mount.kind {
        case .bind(let from, let source, let isReadOnly):
            let open = try build.tree(from: from, in: stage, name)
            var digest = TreeDigest(keepsOwners: open.tree.keepsOwners)
            for found in try open.tree.choose(source, excluded: .none, crossesDirectories: false) {
                try digest.add(found, of: open.tree)
            }
            return "bind \(mount.target) \(isReadOnly) \(digest.digest.encoded)"
        case .cache(let cache): return "cache \(mount.target) \(cache.id)"
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
        let handler = FilePath(
            "/proc/sys/fs/binfmt_misc/qemu-\(Self.emulator(of: wanted.architecture))")
        guard !File.exists(handler) else { return }
        throw placed.source.problem(
            "it runs a program of \(wanted) on a machine of \(Platform.host)",
            fix: "install an emulator: apt install qemu-user-static", kind: .unsupported)
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
