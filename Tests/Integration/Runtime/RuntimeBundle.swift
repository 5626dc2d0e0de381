import Foundation
import OCI

/// A bundle of busybox, and a runtime, `kade-runtime` unless it is another's turn, with a root of
/// its own.
///
/// When it goes, its containers go.
final class RuntimeBundle {
    let folder: TemporaryFolder
    /// What `config.json` is written from before each command.
    var spec: RuntimeSpec

    /// What executes the runtime.
    let command: [String]

    /// - Parameters:
    ///   - runtime: what runs it.
    ///   - mask: the caller's own file mode mask in place of the test's.
    ///   - change: what the test wants different from `kade-runtime spec`.
    /// - Throws: when a tool of the test fails.
    init(
        for runtime: RuntimeUnderTest = .kade, umask mask: String? = nil,
        _ change: (inout RuntimeSpec) -> Void = { _ in }
    ) throws {
        let masked = mask.map { ["sh", "-c", "umask \($0); exec \"$@\"", "sh"] } ?? []
        command = masked + runtime.command
        folder = try TemporaryFolder()
        try Tool.check("chmod", "755", folder.path)
        try Tool.check("sh", "-c", Self.script, "sh", folder.at("rootfs"))
        try Tool.check(Self.program, "spec", "--bundle", folder.path)
        spec = try RuntimeSpec(
            json: Array(folder.text("config.json").utf8), named: "config.json")
        spec.process?.terminal = false
        spec.root?.readonly = false
        runtime.adapt(&spec)
        change(&spec)
    }

    deinit {
        // Best effort: a test that fails half-way has said so already.
        guard let list = try? runtime("list", "-q") else { return }
        for id in list.lines { _ = try? runtime("delete", "--force", id) }
    }

    static let program = BuiltProgram.path("kade-runtime")

    private static let script = """
        set -e
        mkdir -p "$1/bin" "$1/etc" "$1/tmp" "$1/home/ann" "$1/proc" "$1/sys" "$1/dev"
        cp /bin/busybox "$1/bin/"
        for name in $(/bin/busybox --list); do
            [ "$name" = busybox ] || ln -s busybox "$1/bin/$name"
        done
        printf 'root:x:0:0:root:/root:/bin/sh\\nann:x:1000:1001::/home/ann:/bin/sh\\n' > "$1/etc/passwd"
        chmod 1777 "$1/tmp"
        """

    /// Where the runtime keeps its state.
    var root: String { folder.at("root") }

    /// A name that no other test's container has.
    let id = "kade-test-\(UInt32.random(in: .min ... .max))"

    /// Writes `config.json` with a shell command as the program.
    func write(shell command: String? = nil) throws {
        if let command { spec.process?.args = ["sh", "-c", command] }
        try folder.write(spec.jsonString(), to: "config.json")
    }

    /// Runs a command of the runtime.
    @discardableResult
    func runtime(_ arguments: String...) throws -> Tool.Outcome {
        try Tool.start(command + ["--root", root] + arguments).wait()
    }

    /// Runs a shell command in a new container to its end.
    func run(shell command: String, _ flags: String...) throws -> Tool.Outcome {
        try write(shell: command)
        return try Tool.start(
            self.command + ["--root", root, "run", "--bundle", folder.path] + flags + [id]
        ).wait()
    }

    /// Creates the container from what was written.
    func create() throws {
        let outcome = try runtime("create", "--bundle", folder.path, id)
        guard outcome.exitCode == 0 else { throw Tool.Failure(description: outcome.errors) }
    }

    /// Creates and starts a container whose program sleeps.
    func startSleeping() throws {
        spec.process?.args = ["sleep", "1000"]
        try write()
        let outcome = try runtime("run", "--detach", "--bundle", folder.path, id)
        guard outcome.exitCode == 0 else { throw Tool.Failure(description: outcome.errors) }
        // runc and crun end before the program has taken the place of what they started.
        let line = "/proc/\(try state()["pid"]?.int ?? 0)/cmdline"
        for _ in 0..<3000 {
            guard let words = FileManager.default.contents(atPath: line) else { return }
            if String(decoding: words.prefix { $0 != 0 }, as: UTF8.self) == "sleep" { return }
            usleep(20_000)
        }
        throw Tool.Failure(description: "\(id) has not begun its program")
    }

    /// Runs a shell command in the running container.
    func exec(_ flags: String..., shell command: String) throws -> Tool.Outcome {
        try Tool.start(
            self.command + ["--root", root, "exec"] + flags + [id, "sh", "-c", command]
        ).wait()
    }

    /// The container's state.
    func state() throws -> JSONValue {
        try .parse(Array(runtime("state", id).output.utf8), named: "state")
    }

    /// Waits until the container's program has ended, at most a minute.
    func waitUntilStopped() throws {
        for _ in 0..<3000 {
            if try state()["status"]?.string == "stopped" { return }
            usleep(20_000)
        }
        throw Tool.Failure(description: "\(id) has not stopped")
    }

    /// What is left of the container on the machine.
    func leftovers() throws -> [String] {
        let files =
            FileManager.default.fileExists(atPath: root)
            ? try FileManager.default.contentsOfDirectory(atPath: root) : []
        // Not `check`: other tests' cgroups go away under the walk, which find tells as a failure.
        let cgroups = try Tool.run("find", "/sys/fs/cgroup", "-type", "d", "-name", id).lines
        let mounts = try Tool.check("cat", "/proc/self/mounts").split(separator: "\n")
            .map(String.init).filter { $0.contains(folder.path) }
        return files + cgroups + mounts
    }
}
