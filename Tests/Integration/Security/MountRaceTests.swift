import Foundation
import OCI
import Testing

/// A volume in which someone exchanges a directory and a link while containers are made with it
/// (CVE-2021-30465).
@Suite(.enabled(if: isRoot)) struct MountRaceTests {
    /// Exchanges two names of a directory until it is ended: renameat2(2) with RENAME_EXCHANGE.
    private static let exchange = """
        import ctypes, sys
        libc = ctypes.CDLL(None)
        a, b = (sys.argv[1] + name for name in ("/there", "/link"))
        while True: libc.renameat2(-100, a.encode(), -100, b.encode(), 2)
        """

    @Test func `no mount and no directory is made outside of the rootfs`() throws {
        let bundle = try RuntimeBundle()
        let (volume, host) = (bundle.folder.at("volume"), bundle.folder.at("host"))
        try bundle.folder.write("the host's", to: "host/file")
        try Tool.check("mkdir", "-p", volume + "/there")
        try Tool.check("ln", "-s", host, volume + "/link")
        bundle.spec.mounts += [
            .init(destination: "/volume", source: volume, options: ["rbind", "rw"]),
            .init(destination: "/volume/there", type: "tmpfs", source: "tmpfs"),
            .init(destination: "/volume/link/made/below", type: "tmpfs", source: "tmpfs"),
            .init(destination: "/host", source: host, options: ["rbind", "ro"]),
        ]
        let attacker = try Tool.start(["python3", "-c", Self.exchange, volume])
        defer { attacker.signal(SIGKILL) }
        var (made, refused) = (0, 0)
        for _ in 0..<40 {
            let outcome = try bundle.run(shell: "cat /host/file")
            if outcome.exitCode == 0 { made += 1 } else { refused += 1 }
            // A mount that went astray would cover what the next one takes from the host.
            if outcome.exitCode == 0 { #expect(outcome.output == "the host's") }
            #expect(try Tool.check("ls", host) == "file\n")
        }
        // Some containers are made: the test does not rest on refusals alone.
        #expect(made > 0, "\(refused) were refused")
        #expect(try bundle.leftovers().isEmpty)
    }
}
