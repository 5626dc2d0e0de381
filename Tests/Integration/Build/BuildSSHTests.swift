import Foundation
import Testing

/// Agents of SSH, which `RUN` asks.
@Suite(.enabled(if: isRoot)) struct BuildSSHTests {
    @Test func `an agent of SSH answers in RUN, and is not in the image`() throws {
        let site = try BuildSite(
            "FROM base\nCOPY tool /\nRUN --mount=type=ssh ssh-add -l > /keys; echo $SSH_AUTH_SOCK > /where\n"
                + "RUN --mount=type=ssh,id=other,target=/agent,required=true ssh-add -l > /other\n"
                // Keys are not taken away, and another user has the socket that is its own.
                + "RUN --mount=type=ssh if ssh-add -D; then exit 1; fi\n"
                + "USER 1000\nRUN --mount=type=ssh,uid=1000,gid=1000 ssh-add -l | grep of-the-test\n"
                + "RUN --mount=type=ssh if ssh-add -l; then exit 1; fi",
            context: """
                mkdir -p tool/bin
                cp "$(command -v ssh-add)" tool/bin/
                ldd tool/bin/ssh-add | grep -o '/[^ ]*' | while read -r f; do
                    case "$f" in /lib/*) t=tool/usr$f ;; *) t=tool$f ;; esac
                    mkdir -p "$(dirname "$t")"; cp -L "$f" "$t"; done
                ssh-keygen -q -t ed25519 -N '' -C key-of-the-test -f key
                """)
        let socket = site.folder.at("agent")
        let agent = try Tool.start(site.kade.entry + ["ssh-agent", "-D", "-a", socket])
        defer {
            agent.signal(SIGKILL)
            agent.process.waitUntilExit()
        }
        try site.kade.wait {  // until the agent listens; its socket is there before
            try Tool.start(
                site.kade.entry + ["ssh-add", "-q", site.folder.at("context/key")],
                environment: ["SSH_AUTH_SOCK": socket]
            ).wait().exitCode == 0
        }
        let outcome = try Tool.start(
            site.kade.commandLine([
                "build", "-t", "made", "--ssh", "default", "--ssh", "other=\(socket)",
                site.folder.at("context"),
            ]), environment: ["SSH_AUTH_SOCK": socket]
        ).wait()
        #expect(outcome.exitCode == 0, "\(outcome.errors)")
        #expect(try site.read("/keys").contains("key-of-the-test"))
        #expect(try site.read("/other").contains("key-of-the-test"))
        #expect(try site.read("/where") == "/run/buildkit/ssh_agent.0")
        #expect(try site.kade("run", "--rm", "made", "ls", "/run/buildkit").exitCode == 1)
        #expect(
            try site.build("--ssh", "other=\(socket)x").errors.contains("cannot give --ssh other"))
        let both = try site.build("--ssh", "other=\(socket),\(site.folder.at("context/key"))")
        #expect(both.errors.contains("one socket of an agent, or keys"))
    }

    @Test func `keys are given to an agent of the build's own`() throws {
        let site = try BuildSite(
            "FROM base\nCOPY tool /\nRUN --mount=type=ssh ssh-add -l > /keys",
            context: """
                mkdir -p tool/bin
                cp "$(command -v ssh-add)" tool/bin/
                ldd tool/bin/ssh-add | grep -o '/[^ ]*' | while read -r f; do
                    case "$f" in /lib/*) t=tool/usr$f ;; *) t=tool$f ;; esac
                    mkdir -p "$(dirname "$t")"; cp -L "$f" "$t"; done
                ssh-keygen -q -t ed25519 -N '' -C one -f one
                ssh-keygen -q -t rsa -b 2048 -N '' -C two -f two
                ssh-keygen -q -t ed25519 -N secret -C three -f three
                chmod 644 two
                """)
        let keys = ["one", "two", "three"].map { site.folder.at("context/\($0)") }
        try site.check("--ssh", "default=\(keys[0]),\(keys[1])")
        let found = try site.read("/keys")
        #expect(found.contains("one (ED25519)") && found.contains("two (RSA)"), "\(found)")
        let locked = try site.build("--ssh", "default=\(keys[2])")
        #expect(locked.errors.contains("cannot start an agent for \(keys[2])"))
        #expect(locked.errors.contains("a key with a passphrase goes to an agent"))
        // The agents have gone, and their keys with them.
        try site.kade.wait { try agents(of: site).isEmpty }
    }

    /// The agents that serve below a test's data root.
    private func agents(of site: BuildSite) throws -> [String] {
        try site.kade.processes().filter { _, line in
            String(decoding: line, as: UTF8.self).contains("ssh-agent")
        }.map { "\($0.key)" }
    }
}
