import ContainerRuntime
import Foundation
import OCI
import SeccompOracle
import Testing

/// containerd's default seccomp profile, as its daemon writes it for a container, against libseccomp.
@Suite(.enabled(if: isRoot)) struct ContainerdSeccompTests {
    @Test(arguments: ["CAP_CHOWN", "CAP_SYS_ADMIN", "CAP_SYS_PTRACE"])
    func `containerd's profile gets libseccomp's verdicts`(capability: String) throws {
        let folder = try TemporaryFolder()
        try TestImages.tree(in: folder, named: "tree", sizeInBytes: 10)
        let image = try TestImages()
        try image.add(.init(trees: [folder.at("tree")]), as: "docker.io/library/busybox:latest")
        try Tool.check("tar", "-C", image.path, "-cf", folder.at("image.tar"), ".")
        let namespace = "kade-test-\(UInt32.random(in: .min ... .max))"
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
        let outcome = try Tool.run(
            "unshare", "-m", "-n", "--propagation", "private", "sh", "-c", Self.script, "sh",
            folder.path, folder.at("image.tar"), namespace, capability)
        #expect(outcome.output == "hello\n", "\(outcome.errors)")
        let spec = try RuntimeSpec(
            json: Array(folder.text("config.json").utf8), named: "config.json")
        let profile = try #require(spec.linux?.seccomp)
        #expect(profile.syscalls.flatMap(\.names).count > 300)
        let differences = try differencesFromOracle(of: profile, native: .x86_64)
        #expect(differences.isEmpty, "\(differences.joined(separator: "\n"))")
        _ = try Tool.run("rm", "-rf", "--one-file-system", folder.path)
    }

    private static let script = """
        mount -t tmpfs -o mode=755 tmpfs /run # where the shims have their sockets
        ip link set lo up
        cat > "$1/config.toml" << END
        version = 2
        root = "$1/root"
        state = "$1/state"
        disabled_plugins = ["io.containerd.grpc.v1.cri"]
        [grpc]
          address = "/run/containerd.sock"
        END
        containerd --config "$1/config.toml" > "$1/log" 2>&1 &
        daemon=$!
        ctr="ctr --address /run/containerd.sock --namespace $3"
        end() {
            kill "$daemon"; wait "$daemon"
            find /sys/fs/cgroup -depth -type d -path "*/$3*" -exec rmdir {} +
        }
        trap 'end "$@"' EXIT
        for _ in $(seq 100); do $ctr version > /dev/null 2>&1 && break; sleep 0.1; done
        $ctr image import "$2" > /dev/null || { cat "$1/log" >&2; exit 1; }
        $ctr run --runtime io.containerd.runc.v2 --runc-binary "$1/runtime" --rm --seccomp \\
            --cap-add "$4" docker.io/library/busybox:latest one /bin/busybox echo hello
        """
}
