import Diagnostics
import OCI
import Testing

@testable import cli

/// Flags of `pull` and `push`, and commands that are refused by name.
@Suite struct TransferFlagsTests {
    /// The command that words make, or the problem's text.
    private func read<C: Command>(_ type: C.Type, _ words: [String]) -> (C, String?) {
        var command = C()
        let reader = CommandLineReader(command: "kade x", grammar: C.grammar)
        do {
            guard case .run = try reader.read(words, into: &command) else {
                return (command, "no run")
            }
            return (command, nil)
        } catch {
            return (command, "\(error)")
        }
    }

    @Test(arguments: [
        (["--decryption-key", "k"], "does not decrypt"), (["--ipfs-address=a"], "registries alone"),
        (["--verify=cosign"], "policy.json"), (["--cosign-key", "k"], "policy.json"),
        (["--soci-index-digest", "d"], "zstd:chunked"), (["--creds", "a:b"], "kade login"),
        (["--cert-dir", "/c"], "certs.d"), (["--retry", "3"], "six times"),
        (["--retry-delay", "3s"], "half a second"), (["--unpack=false"], "while they arrive"),
    ])
    func `a pull refuses what it does not do, with the reason`(flag: [String], why: String) {
        let problem = read(PullCommand.self, flag + ["image"]).1
        #expect(problem?.contains(why) == true, "\(problem ?? "none")")
    }

    @Test(arguments: [
        (["--sign=cosign"], "cosign sign"), (["--sign-by", "k"], "cosign sign"),
        (["--encryption-key", "k"], "does not encrypt"), (["--estargz"], "--compression-format"),
        (["--format", "oci"], "digest"),
        (["--allow-nondistributable-artifacts"], "where layers are"),
        (["--remove-signatures"], "images of their own"),
        (["--ipfs-ensure-image"], "registries alone"),
    ])
    func `so does a push`(flag: [String], why: String) {
        let problem = read(PushCommand.self, flag + ["image"]).1
        #expect(problem?.contains(why) == true, "\(problem ?? "none")")
    }

    @Test func `a pull of a container has the same words`() {
        let problem = read(RunCommand.self, ["--verify=cosign", "image"]).1
        #expect(problem?.contains("policy.json") == true, "\(problem ?? "none")")
        #expect(read(RunCommand.self, ["--retry", "1", "image"]).1?.contains("six times") == true)
    }

    @Test func `a platform is given whole or in parts`() throws {
        let (pull, problem) = read(
            PullCommand.self, ["--arch", "arm", "--variant", "v7", "--unpack=true", "image"])
        #expect(problem == nil)
        #expect(try pull.parts.joined(with: nil) == "linux/arm/v7")
        #expect(throws: Problem.self) { try pull.parts.joined(with: "linux/amd64") }
        let none = PlatformParts()
        #expect(try none.joined(with: "linux/amd64") == "linux/amd64")
        #expect(try none.joined(with: nil) == nil)
        #expect(
            try PlatformParts(os: "windows").joined(with: nil)
                == "windows/\(Platform.host.architecture)")
    }

    @Test(arguments: [
        (["ipfs"], "registries alone"), (["image", "encrypt"], "skopeo copy"),
        (["image", "convert"], "--compression-format"),
    ])
    func `a command of nerdctl that is about images is refused by name`(
        words: [String], text: String
    ) throws {
        let problem = try #require(RefusedCommand.problem(of: words))
        #expect(problem.kind == .unsupported)
        #expect("\(problem) \(problem.fix ?? "")".contains(text), "\(problem)")
    }

    /// What Kade has is not refused.
    @Test func `no command of Kade is among those that are refused`() {
        for entry in CommandTree.top {
            #expect(RefusedCommand.problem(of: [entry.name]) == nil)
        }
        for group in CommandTree.groups {
            for entry in group.entries {
                #expect(RefusedCommand.problem(of: [group.name, entry.name]) == nil)
            }
        }
    }
}
