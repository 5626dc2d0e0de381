import OCI
import Testing

/// Containers whose first process fails while the runtime still prepares to tell it to go on.
@Suite(.enabled(if: isRoot)) struct EarlyFailureTests {
    /// It ends by itself where nobody ends it, after a minute of processor time.
    private static let loop = "ulimit -t 60; while :; do :; done"

    /// On one busy processor, runtime and init meet in every order.
    @Test func `a container that fails at once says why, whoever comes first`() throws {
        let bundle = try RuntimeBundle {
            $0.mounts.append(.init(destination: "/home", type: "nosuchfs", source: "none"))
        }
        try bundle.write(shell: "true")
        let busy = try (1...3).map { _ in
            try Tool.start(["taskset", "-c", "0", "sh", "-c", Self.loop])
        }
        // What a test starts has SIGTERM blocked.
        defer { for program in busy { program.signal(9) } }
        for number in 1...50 {
            let outcome = try Tool.start(
                ["taskset", "-c", "0"] + bundle.command + [
                    "--root", bundle.root, "run", "--bundle", bundle.folder.path, bundle.id,
                ]
            ).wait()
            #expect(outcome.exitCode == 1)
            #expect(outcome.errors.contains("nosuchfs"), "run \(number): \(outcome.errors)")
        }
        #expect(try bundle.leftovers().isEmpty)
    }
}
