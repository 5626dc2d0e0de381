import Foundation
import OCI
import Testing

/// Bind mounts whose source someone exchanges while containers are made with it: what was looked at
/// is what is mounted, and its flags are set before anyone sees it.
@Suite(.enabled(if: isRoot)) struct BindSourceRaceTests {
    /// Exchanges two names of a directory until it is ended: renameat2(2) with RENAME_EXCHANGE.
    private static let exchange = """
        import ctypes, sys
        libc = ctypes.CDLL(None)
        a, b = (sys.argv[1] + name for name in ("/one", "/other"))
        while True: libc.renameat2(-100, a.encode(), -100, b.encode(), 2)
        """

    @Test func `what is mounted on proc is proc`() throws {
        let bundle = try RuntimeBundle {
            $0.mounts.removeAll { $0.destination == "/proc" }
            $0.linux?.maskedPaths = []
            $0.linux?.readonlyPaths = []
        }
        let volume = bundle.folder.at("volume")
        try bundle.folder.write("false", to: "volume/one/version")
        bundle.spec.mounts.insert(
            .init(destination: "/proc", source: volume + "/one", options: ["rbind"]), at: 0)
        try Tool.check("ln", "-s", "/proc", volume + "/other")
        let (made, refused) = try race(in: bundle, volume, shell: "head -c 5 /proc/version") {
            #expect($0 == "Linux")
        }
        #expect(made > 0 && refused > 0, "\(made) were made, \(refused) refused")
    }

    @Test func `what is read-only is never written to, whichever it is`() throws {
        let bundle = try RuntimeBundle()
        let volume = bundle.folder.at("volume")
        try bundle.folder.write("", to: "volume/one/file")
        try bundle.folder.write("", to: "host/file")
        try Tool.check("ln", "-s", bundle.folder.at("host"), volume + "/other")
        bundle.spec.mounts.append(
            .init(destination: "/data", source: volume + "/one", options: ["rbind", "ro"]))
        let (made, _) = try race(
            in: bundle, volume, shell: "echo x > /data/file; touch /data/new; cat /data/file"
        ) { #expect($0 == "") }
        #expect(made == 40)
        #expect(try Tool.check("find", bundle.folder.path, "-name", "new") == "")
    }

    /// Makes containers while the source is exchanged.
    ///
    /// - Returns: how many were made, and how many refused.
    private func race(
        in bundle: RuntimeBundle, _ volume: String, shell: String, _ check: (String) -> Void
    ) throws -> (made: Int, refused: Int) {
        let attacker = try Tool.start(["python3", "-c", Self.exchange, volume])
        defer { attacker.signal(SIGKILL) }
        var (made, refused) = (0, 0)
        for _ in 0..<40 {
            let outcome = try bundle.run(shell: shell + " 2> /dev/null; exit 7")
            if outcome.exitCode == 7 {
                made += 1
                check(outcome.output)
            } else {
                refused += 1
            }
        }
        #expect(try bundle.leftovers().isEmpty)
        return (made, refused)
    }
}
