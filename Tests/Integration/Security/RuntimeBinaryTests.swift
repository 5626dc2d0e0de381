import Foundation
import OCI
import Testing

/// The runtime's own program file, attacked from inside a container (CVE-2019-5736).
///
/// The hostile image's program is `/proc/self/exe`: the runtime, executed once more in the container.
/// It waits there for its configuration, a fifo, while another process of the container opens the
/// file and writes to it as soon as nobody executes it any longer.
@Suite(.enabled(if: isRoot)) struct RuntimeBinaryTests {
    /// Writes "seen" and every refusal to /log, and "written" where a write succeeded.
    private static let attack = """
        while [ ! -e /log ]; do for process in /proc/[0-9]*; do
            case "$(readlink $process/exe)" in ''|*/busybox) ;; *)
                {
                    echo seen >/log
                    echo go >$process/root/bundle/config.json
                    for attempt in $(seq 100); do
                        (echo overwritten >>/proc/self/fd/9) 2>>/log && echo written >>/log && break
                        usleep 10000
                    done
                    echo end >>/log
                } 9<$process/exe
            esac
        done; done
        """

    /// Copies the runtime, so that an attack that succeeds does no harm.
    private func victim(_ bundle: RuntimeBundle) throws -> (path: String, content: Data) {
        let path = bundle.folder.at("kade-runtime")
        try Tool.check("cp", RuntimeBundle.program, path)
        try makeFifo(in: bundle)
        return (path, try Data(contentsOf: URL(fileURLWithPath: path)))
    }

    private func makeFifo(in bundle: RuntimeBundle) throws {
        try Tool.check("mkdir", bundle.folder.at("rootfs/bundle"))
        try Tool.check("mkfifo", bundle.folder.at("rootfs/bundle/config.json"))
    }

    private func log(_ bundle: RuntimeBundle) throws -> String {
        for _ in 0..<3000 {
            let text = (try? bundle.folder.text("rootfs/log")) ?? ""  // not there yet
            if text.hasSuffix("end\n") { return text }
            usleep(20_000)
        }
        return ""
    }

    private func expectRefusal(
        _ bundle: RuntimeBundle, _ victim: (path: String, content: Data)
    ) throws {
        let log = try log(bundle)
        #expect(log.hasPrefix("seen\n"))
        // "Text file busy" alone would have been luck: it ends with the process.
        #expect(log.contains("Read-only file system"))
        #expect(!log.contains("written"))
        #expect(try Data(contentsOf: URL(fileURLWithPath: victim.path)) == victim.content)
    }

    @Test func `exec of the runtime itself leaves its file as it is`() throws {
        let bundle = try RuntimeBundle()
        let victim = try victim(bundle)
        try bundle.write(shell: Self.attack)
        try Tool.check(
            victim.path, "--root", bundle.root, "run", "-d", "-b", bundle.folder.path, bundle.id)
        _ = try Tool.run(
            "timeout", "120", victim.path, "--root", bundle.root, "exec", bundle.id,
            "/proc/self/exe", "run", "-b", "/bundle", "none")
        try expectRefusal(bundle, victim)
    }

    /// The attacker is in another container of the same PID namespace, because the end of a PID
    /// namespace's first process would be its own.
    @Test func `a container that is the runtime itself leaves its file as it is`() throws {
        let attacker = try RuntimeBundle()
        let victim = try victim(attacker)
        try attacker.write(shell: Self.attack)
        try Tool.check(
            victim.path, "--root", attacker.root, "run", "-d", "-b", attacker.folder.path,
            attacker.id)
        guard let pid = try attacker.state()["pid"]?.int else {
            Issue.record("the container has no process")
            return
        }
        let bundle = try RuntimeBundle {
            $0.process?.args = ["/proc/self/exe", "run", "-b", "/bundle", "none"]
            $0.linux?.namespaces.removeAll { $0.type == .pid }
            $0.linux?.namespaces.append(.init(type: .pid, path: "/proc/\(pid)/ns/pid"))
        }
        try makeFifo(in: bundle)
        try bundle.write()
        _ = try Tool.run(
            "timeout", "120", victim.path, "--root", bundle.root, "run", "-b", bundle.folder.path,
            bundle.id)
        try expectRefusal(attacker, victim)
    }

    @Test func `a hostile dynamic linker in the image is not executed`() throws {
        let bundle = try RuntimeBundle()
        for loader in ["lib64/ld-linux-x86-64.so.2", "lib/ld-linux-aarch64.so.1"] {
            let path = bundle.folder.at("rootfs/" + loader)
            try Tool.check("install", "-D", "/bin/busybox", path)
        }
        try bundle.startSleeping()
        let outcome = try bundle.runtime("exec", bundle.id, "/proc/self/exe", "--version")
        #expect(outcome.output.hasPrefix("kade-runtime version"), "\(outcome)")
    }
}
