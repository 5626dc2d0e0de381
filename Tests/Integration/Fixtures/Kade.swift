import Foundation
import Testing

/// `kade` with a data root and a run root of its own, and an image of busybox.
///
/// When it goes, its containers go, and what they might have left behind would be seen by
/// ``leftovers()``.
final class Kade {
    /// Where the data root and the run root are, and files of the test.
    let folder: TemporaryFolder
    /// What its commands find in their environment, beside what tests have in theirs.
    let environment: [String: String]
    /// The network namespace that its commands run in; nil is the machine's.
    let namespace: NetworkNamespace?
    /// The ordinary user that its commands run as; nil is root.
    let user: TestUser?
    /// Whether the suites run as an ordinary user, which they do in a second run.
    static let isOrdinary = ProcessInfo.processInfo.environment["KADE_TEST_AS"] == "user"
    /// Where its programs are, when those that were built with the tests are not meant.
    var programs: String?

    /// For tests that look into unpacked layers, or damage them.
    static let unpacked = ["KADE_SNAPSHOTTER": "directory"]

    /// The machine's network is left alone: containers have none unless the test makes one.
    init(
        environment: [String: String] = [:], in namespace: NetworkNamespace? = nil,
        as user: TestUser? = nil
    ) throws {
        folder = try TemporaryFolder()
        self.namespace = namespace
        self.user = try user ?? (Self.isOrdinary ? TestUser() : nil)
        try self.user?.own(folder.path)
        let network = namespace == nil ? "none" : "bridge"
        // The machine's own CNI networks are none of the test's.
        let own = ["KADE_DEFAULT_NETWORK": network, "NETCONFPATH": folder.at("net.d")]
        self.environment = own.merging(environment) { $1 }
    }

    /// An instance that has the image `busybox`, whose applets are in `/bin`.
    static func withBusybox(
        environment: [String: String] = [:], in namespace: NetworkNamespace? = nil,
        as user: TestUser? = nil
    ) throws -> Kade {
        let kade = try Kade(environment: environment, in: namespace, as: user)
        try kade.check("import", try busyboxArchive.get(), "busybox:latest")
        return kade
    }

    deinit {
        // Best effort: a test that fails must not leave its containers running.
        _ = try? call(["ps", "-aq"]).lines.forEach { _ = try? call(["rm", "-f", "-v", $0]) }
        _ = try? processes().filter { $0.value.range(of: Data("\0pull\0".utf8)) != nil }
            .forEach { kill($0.key, SIGKILL) }
        endNamespace()
        _ = try? layerMounts().forEach { _ = try? Tool.run("umount", "-l", $0) }
        // The folder's own end would follow a mount that should not be there.
        _ = try? Tool.run("rm", "-rf", "--one-file-system", folder.path)
    }

    /// The data root.
    var root: String { folder.at("data") }
    /// The run root.
    var runRoot: String { folder.at("run") }

    /// The words before a program that shall run as who runs the commands.
    var entry: [String] { user?.entry(home: folder.path) ?? [] }

    /// The whole command line of a call.
    func commandLine(_ arguments: [String]) -> [String] {
        (namespace?.entry ?? []) + entry + program + arguments
    }

    /// The command line of a call in a directory, which entering namespaces would leave.
    func commandLine(in directory: String, _ arguments: [String]) -> [String] {
        (namespace?.entry ?? []) + entry + ["env", "-C", directory] + program + arguments
    }

    private var program: [String] {
        [
            programs.map { $0 + "/kade" } ?? BuiltProgram.path("kade"), "--root", root, "--runroot",
            runRoot,
        ]
    }

    /// The process that keeps the user's namespace, if there is one.
    var keeper: pid_t? { process(notedIn: "namespace") }

    /// The process whose number is in a file of the run root, if there is one.
    func process(notedIn file: String) -> pid_t? {
        // There is no file where nobody keeps anything.
        (try? String(contentsOfFile: "\(runRoot)/\(file)", encoding: .utf8))?
            .split(separator: " ").first.flatMap { pid_t($0) }
    }

    /// Ends what an ordinary user's commands leave running for those to come.
    private func endNamespace() {
        if let keeper, keeper > 1 { kill(keeper, SIGKILL) }
    }

    /// Runs a command, however it ends.
    @discardableResult
    func call(_ arguments: [String]) throws -> Tool.Outcome {
        try Tool.start(commandLine(arguments), environment: environment).wait()
    }

    /// Runs a command, however it ends.
    @discardableResult
    func callAsFunction(_ arguments: String...) throws -> Tool.Outcome { try call(arguments) }

    /// Runs a command that must succeed.
    ///
    /// - Returns: its standard output without the last newline.
    @discardableResult
    func check(_ arguments: String...) throws -> String {
        let outcome = try call(arguments)
        guard outcome.exitCode == 0 else {
            throw Tool.Failure(
                description: "kade \(arguments.joined(separator: " ")) ended with "
                    + "\(outcome.exitCode): \(outcome.errors)\(outcome.output)")
        }
        return outcome.output.hasSuffix("\n") ? String(outcome.output.dropLast()) : outcome.output
    }

    /// Runs a program as whoever the commands are run by, which must succeed.
    ///
    /// Files of which a command shall be the owner are made so.
    @discardableResult
    func tool(_ arguments: String...) throws -> String {
        try Tool.check(entry + arguments)
    }

    /// Starts a command that goes on while the test does.
    func start(_ arguments: String...) throws -> Tool.Running {
        try Tool.start(commandLine(arguments), environment: environment)
    }

    /// Starts `kade registry serve`, whose process becomes another program.
    ///
    /// An ordinary user's namespace is made before. Who makes it closes what others left open when it
    /// becomes that program: and with it what Foundation takes for the process's end, for which it
    /// lets all who wait for a program wait.
    func serve(_ flags: [String]) throws -> Tool.Running {
        if user != nil { try check("ps", "-q") }
        return try Tool.start(
            commandLine(["registry", "serve"] + flags), environment: environment)
    }

    /// Runs a shell command in a new container of busybox, which is removed.
    @discardableResult
    func shell(_ command: String, _ flags: String...) throws -> Tool.Outcome {
        try call(["run", "--rm"] + flags + ["busybox", "sh", "-c", command])
    }

    /// One field of a container: a Go template.
    func inspect(_ container: String, _ template: String) throws -> String {
        try check("inspect", "-f", template, container)
    }

    /// Waits until a condition holds; a minute, for a machine that has much else to do.
    func wait(
        at location: SourceLocation = #_sourceLocation, until isTrue: () throws -> Bool
    ) throws {
        let deadline = Date(timeIntervalSinceNow: 60)
        while try !isTrue() {
            guard Date() < deadline else {
                throw Tool.Failure(description: "waited in vain in line \(location.line)")
            }
            usleep(20_000)
        }
    }

    /// Where layers are mounted; they stay so until they are removed.
    func layerMounts() throws -> [String] {
        try mounts().filter { $0.point.hasPrefix(root + "/layers/") && $0.type == "erofs" }
            .map(\.point)
    }

    /// A line of `/proc/self/mounts` that concerns this instance.
    private struct MountLine {
        let text: String
        let point: String
        let type: String
    }

    private func mounts() throws -> [MountLine] {
        let lines = try Tool.check("cat", "/proc/self/mounts").split(separator: "\n")
        return lines.filter { $0.contains(folder.path) }.map { line in
            let fields = line.split(separator: " ").map(String.init)
            return MountLine(text: String(line), point: fields[1], type: fields[2])
        }
    }

    /// The command lines of this instance's processes.
    ///
    /// Not with grep, which would find itself and those of tests beside this one.
    func processes() throws -> [pid_t: Data] {
        let names = try FileManager.default.contentsOfDirectory(atPath: "/proc")
        var processes: [pid_t: Data] = [:]
        for pid in names.compactMap({ pid_t($0) }) {
            guard let line = FileManager.default.contents(atPath: "/proc/\(pid)/cmdline"),
                line.range(of: Data(folder.path.utf8)) != nil
            else { continue }
            processes[pid] = line
        }
        return processes
    }

    /// What this instance has left on the machine: mounts, processes, cgroups, run files.
    func leftovers() throws -> [String] {
        let layers = try layerMounts()
        let mounts = try mounts().filter { !layers.contains($0.point) }.map { "mount \($0.text)" }
        let keeper = keeper
        let processes = try processes().compactMap { pid, line -> String? in
            // It writes the image's layers to the disk, and belongs to no container.
            guard line.range(of: Data("\0flush\0".utf8)) == nil else { return nil }
            // It is there for the user's commands to come.
            guard pid != keeper else { return nil }
            return "process \(pid) \(String(decoding: line, as: UTF8.self))"
        }
        // There is no run root before the first container starts, and what a monitor removes
        // under the walk is told by find as a failure.
        let files = try Tool.run("find", runRoot, "-mindepth", "2", "-not", "-name", "*.lock")
            .lines.map { "file \($0)" }
        return mounts + processes + files
    }

    /// The cgroups of a container that still exist.
    static func cgroups(of id: String) throws -> [String] {
        // Cgroups of other tests vanish while it looks, which it complains about.
        try Tool.run("find", "/sys/fs/cgroup", "-type", "d", "-name", "*\(id)*").lines
    }

    /// A root file system of busybox as a tar archive, made once.
    static let busyboxArchive = Result { try makeBusyboxArchive() }

    private static func makeBusyboxArchive() throws -> String {
        let script = """
            set -e
            place=$1
            mkdir -p "$place/r/bin" "$place/r/etc" "$place/r/tmp" "$place/r/root" "$place/r/home/ann"
            cp /bin/busybox "$place/r/bin/"
            for name in $(/bin/busybox --list); do
                [ "$name" = busybox ] || ln -s busybox "$place/r/bin/$name"
            done
            printf 'root:x:0:0:root:/root:/bin/sh\\nann:x:1000:1001::/home/ann:/bin/sh\\n' \
                > "$place/r/etc/passwd"
            printf 'root:x:0:\\nstaff:x:1001:ann\\naudio:x:63:ann\\n' > "$place/r/etc/group"
            chown 1000:1001 "$place/r/home/ann"
            chmod 1777 "$place/r/tmp"
            tar -C "$place/r" -cf "$place/busybox.tar" .
            rm -r "$place/r"
            """
        let place = SharedFolder.at("busybox")
        try Tool.check("sh", "-c", script, "sh", place)
        return place + "/busybox.tar"
    }
}
