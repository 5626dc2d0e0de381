import Diagnostics
import OCI
import Testing

@testable import ContainerRuntime

@Suite struct SpecValidationTests {
    private func spec(_ change: (inout RuntimeSpec) -> Void = { _ in }) -> RuntimeSpec {
        var spec = RuntimeSpec(ociVersion: "1.2.0")
        spec.process = RuntimeSpec.Process(args: ["true"], cwd: "/")
        spec.root = RuntimeSpec.Root(path: "rootfs")
        spec.linux = RuntimeSpec.Linux()
        change(&spec)
        return spec
    }

    private func complaint(_ change: (inout RuntimeSpec) -> Void) -> String? {
        do {
            try SpecValidation.check(spec(change))
            return nil
        } catch {
            return error.what
        }
    }

    @Test func `the least spec is valid`() {
        #expect(complaint { _ in } == nil)
    }

    @Test(arguments: ["1.0.0", "1.0.2-dev", "1.1.0+build", "1.3.0"])
    func `known versions are accepted`(version: String) {
        #expect(complaint { $0.ociVersion = version } == nil)
    }

    @Test(arguments: [
        "", "1", "x.y.z", "2.0.0", "1.4.0", "0.9.0", "1..0", "1.2.", ".2.0", "1.2.0.0", "1.2.-0",
        "1.2", "4294967297.2.0", "-1.2.0",
    ])
    func `other versions are refused`(version: String) {
        #expect(complaint { $0.ociVersion = version }?.contains("ociVersion") == true)
    }

    @Test func `each rule names its field`() {
        let cases: [(String, (inout RuntimeSpec) -> Void)] = [
            ("root ", { $0.root = nil }),
            ("process.args", { $0.process?.args = [] }),
            ("process.cwd", { $0.process?.cwd = "tmp" }),
            (
                "process.rlimits[1]",
                {
                    $0.process?.rlimits = [
                        .init(type: .core, hard: 1, soft: 1), .init(type: .core, hard: 2, soft: 2),
                    ]
                }
            ),
            (
                "process.rlimits[0]",
                { $0.process?.rlimits = [.init(type: .core, hard: 1, soft: 2)] }
            ),
            ("process.oomScoreAdj", { $0.process?.oomScoreAdj = 1001 }),
            ("hostname", { $0.hostname = "web" }),
            (
                "linux.namespaces[1]",
                { $0.linux?.namespaces = [.init(type: .pid), .init(type: .pid)] }
            ),
            (
                "linux.namespaces[0].path",
                { $0.linux?.namespaces = [.init(type: .pid, path: "ns/pid")] }
            ),
            ("linux.uidMappings and", { $0.linux?.namespaces = [.init(type: .user)] }),
            (
                "linux.uidMappings",
                { $0.linux?.uidMappings = [.init(containerID: 0, hostID: 0, size: 1)] }
            ),
            ("linux.timeOffsets", { $0.linux?.timeOffsets = ["monotonic": .init(secs: 1)] }),
            ("linux.sysctl.kernel.panic", { $0.linux?.sysctl = ["kernel.panic": "1"] }),
            (
                "linux.sysctl.net.ipv4.ip_forward",
                { $0.linux?.sysctl = ["net.ipv4.ip_forward": "1"] }
            ),
            (
                "linux.sysctl",
                {
                    $0.linux?.namespaces = [.init(type: .network)]
                    $0.linux?.sysctl = ["net/../kernel/core_pattern": "|/evil"]
                }
            ),
            (
                "linux.sysctl",
                {
                    $0.linux?.namespaces = [.init(type: .network)]
                    $0.linux?.sysctl = ["net.//.kernel.core_pattern": "|/evil"]
                }
            ),
            ("linux.maskedPaths[0]", { $0.linux?.maskedPaths = ["proc"] }),
            ("linux.cgroupsPath", { $0.linux?.cgroupsPath = "/a/../../b" }),
            ("mounts[0].destination", { $0.mounts = [.init(destination: "")] }),
            ("hooks.poststop[0].path", { $0.hooks = .init(poststop: [.init(path: "x")]) }),
            (
                "hooks.prestart[0].timeout",
                { $0.hooks = .init(prestart: [.init(path: "/x", timeout: 0)]) }
            ),
        ]
        for (field, change) in cases {
            let found = complaint(change)
            #expect(found?.contains(field) == true, "\(field): \(found ?? "accepted")")
        }
    }

    @Test func `kernel parameters of a namespace the container has are accepted`() {
        #expect(
            complaint {
                $0.linux?.namespaces = [.init(type: .network), .init(type: .ipc)]
                $0.linux?.sysctl = ["net.ipv4.ip_forward": "1", "kernel.shmmax": "4096"]
            } == nil)
    }

    @Test func `what is not supported is refused, not ignored`() {
        var refused: Problem.Kind?
        do {
            try SpecValidation.check(spec { $0.vm = .init(kernel: .init(path: "/vmlinuz")) })
        } catch { refused = error.kind }
        #expect(refused == .unsupported)
    }
}
