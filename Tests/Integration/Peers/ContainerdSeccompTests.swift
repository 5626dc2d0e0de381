import ContainerRuntime
import Foundation
import OCI
import SeccompOracle
import Testing

/// containerd's default seccomp profile, as its daemon writes it for a container, against libseccomp.
@Suite(.enabled(if: isRoot)) struct ContainerdSeccompTests {
    @Test(arguments: ["CAP_CHOWN", "CAP_SYS_ADMIN", "CAP_SYS_PTRACE"])
    func `containerd's profile gets libseccomp's verdicts`(capability: String) throws {
        let containerd = try PrivateContainerd()
        let folder = containerd.folder
        // The runtime keeps the configuration that it gets, and goes on as kade-runtime.
        try folder.write(
            """
            #!/bin/sh
            for bundle; do
                [ ! -f "$bundle/config.json" ] || cp "$bundle/config.json" "\(folder.path)/config.json"
            done
            exec "\(BuiltProgram.path("kade-runtime"))" "$@"
            """, to: "runtime")
        try Tool.check("chmod", "755", folder.at("runtime"))
        let outcome = try containerd.run(Self.script, capability)
        #expect(outcome.output == "hello\n", "\(outcome.errors)")
        let spec = try RuntimeSpec(
            json: Array(folder.text("config.json").utf8), named: "config.json")
        let profile = try #require(spec.linux?.seccomp)
        #expect(profile.syscalls.flatMap(\.names).count > 300)
        let differences = try differencesFromOracle(of: profile, native: .x86_64)
        #expect(differences.isEmpty, "\(differences.joined(separator: "\n"))")
    }

    private static let script = """
        $ctr run --runtime io.containerd.runc.v2 --runc-binary "$folder/runtime" --rm --seccomp \\
            --cap-add "$1" $image one /bin/busybox echo hello
        """
}
