import ContainerRuntime
import Diagnostics
import Linux
import OCI
import SeccompOracle
import SystemPackage
import Testing

@testable import Engine

private let podmanProfile: FilePath = "/usr/share/containers/seccomp.json"

@Suite struct SeccompProfileOracleTests {
    @Test(arguments: [
        [], ["CAP_SYS_ADMIN"], ["CAP_BPF", "CAP_PERFMON", "CAP_SYS_PTRACE", "CAP_SYS_TIME"],
    ])
    func `the default profile gets libseccomp's verdicts`(capabilities: [String]) throws {
        for target in targets(capabilities) {
            try check(SeccompProfile.standard, target)
        }
    }

    @Test(
        .enabled(if: (try? File.readText(podmanProfile)) != nil),
        arguments: [
            [], ["CAP_SYS_ADMIN", "CAP_NET_ADMIN", "CAP_AUDIT_WRITE"],
        ])
    func `Podman's profile gets libseccomp's verdicts`(capabilities: [String]) throws {
        let text = try File.readText(podmanProfile)
        let profile = try #require(try SeccompProfile.read(text, named: "seccomp.json"))
        for target in targets(capabilities) { try check(profile, target) }
    }

    private func check(_ profile: SeccompProfile, _ target: SeccompProfile.Target) throws {
        let differences = try differencesFromOracle(
            of: profile.resolved(for: target),
            native: target.native == .aarch64 ? .aarch64 : .x86_64)
        #expect(differences.isEmpty, "\(differences.joined(separator: "\n"))")
    }

    private func targets(_ capabilities: [String]) -> [SeccompProfile.Target] {
        let kernel = KernelVersion(major: 6, minor: 1)
        return [
            .init(
                capabilities: capabilities, architecture: "amd64", native: .x86_64,
                kernel: kernel),
            .init(
                capabilities: capabilities, architecture: "arm64", native: .aarch64,
                kernel: kernel),
        ]
    }
}
