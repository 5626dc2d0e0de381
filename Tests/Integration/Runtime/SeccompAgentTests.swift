import Foundation
import OCI
import Testing

/// `SCMP_ACT_NOTIFY`: an agent decides about system calls (config-linux.md § Seccomp).
@Suite(.enabled(if: isRoot)) struct RuntimeSeccompAgentTests {
    /// Takes two listeners, prints what came with each, and answers the first call with ENOSPC.
    ///
    /// The numbers are those of `ioctl(2)` in seccomp_unotify(2).
    private static let agent = """
        import array, fcntl, json, socket, struct, sys
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(sys.argv[1])
        listener.listen()
        print(json.dumps("ready"), flush=True)
        for _ in range(2):
            connection, _ = listener.accept()
            text, ancillary, _, _ = connection.recvmsg(65536, 1024)
            descriptors = array.array("i", ancillary[0][2])
            print(text.decode().replace("\\n", ""), len(descriptors), sep="", flush=True)
            call = bytearray(80)
            fcntl.ioctl(descriptors[0], 0xC0502100, call)
            identifier = struct.unpack_from("=Q", call)[0]
            fcntl.ioctl(descriptors[0], 0xC0182101, struct.pack("=QqiI", identifier, 0, -28, 0))
        """

    @Test(arguments: RuntimeUnderTest.allCases)
    func `an agent gets the listener and the state, and its answer holds`(
        runtime: RuntimeUnderTest
    ) throws {
        guard runtime.isInstalled else { return }
        let bundle = try RuntimeBundle(for: runtime) {
            $0.annotations = ["key": "value"]
            $0.linux?.seccomp = .init(
                defaultAction: .allow,
                syscalls: [.init(names: ["mkdir", "mkdirat"], action: .notify)])
            $0.linux?.seccomp?.listenerMetadata = "told the agent"
        }
        let socket = bundle.folder.at("agent.sock")
        bundle.spec.linux?.seccomp?.listenerPath = socket
        let agent = try Tool.start(["python3", "-c", Self.agent, socket])
        defer { agent.signal(SIGKILL) }
        for _ in 0..<3000 where agent.output.isEmpty { usleep(20_000) }
        bundle.spec.process?.args = [
            "sh", "-c", "mkdir /tmp/x 2> /tmp/errors; while :; do sleep 1; done",
        ]
        try bundle.write()
        let outcome = try bundle.runtime(
            "run", "--detach", "--bundle", bundle.folder.path, bundle.id)
        #expect(outcome.exitCode == 0, "\(outcome.errors)")
        let second = try bundle.exec(
            shell: "mkdir /tmp/y; for n in $(seq 600); do [ -s /tmp/errors ] && break; sleep 0.1; "
                + "done; cat /tmp/errors")
        #expect(second.output.contains("No space left on device"), "\(second)")
        #expect(second.errors.contains("No space left on device"), "\(second)")
        #expect(try agent.wait().exitCode == 0)
        let messages = agent.output.split(separator: "\n").dropFirst()
        #expect(messages.count == 2)
        let process = try bundle.state()["pid"]?.int
        for (message, status) in zip(messages, ["creating", "running"]) {
            #expect(message.hasSuffix("}1"))  // one descriptor
            let told = try JSONValue.parse(Array(message.dropLast().utf8), named: "message")
            #expect(told["fds"]?.array?.compactMap(\.string) == ["seccompFd"])
            #expect(told["metadata"]?.string == "told the agent")
            #expect(told["state"]?["id"]?.string == bundle.id)
            #expect(told["state"]?["annotations"]?["key"]?.string == "value")
            guard runtime == .kade else { continue }
            #expect(told["state"]?["status"]?.string == status)
            #expect((told["pid"]?.int == process) == (status == "creating"))
        }
    }

    @Test func `nobody who listens is an error, and nothing is left`() throws {
        let bundle = try RuntimeBundle {
            $0.linux?.seccomp = .init(
                defaultAction: .allow, syscalls: [.init(names: ["mkdir"], action: .notify)])
            $0.linux?.seccomp?.listenerPath = "/nothing"
        }
        let outcome = try bundle.run(shell: "true")
        #expect(outcome.exitCode == 1)
        #expect(outcome.errors.contains("/nothing"), "\(outcome.errors)")
        #expect(try bundle.leftovers().isEmpty)
    }
}
