/// containerd's daemon with mounts, a network and roots of its own, and an image of busybox.
struct PrivateContainerd {
    /// Where its files are; a script has it as `$folder`.
    let folder: TemporaryFolder
    /// containerd's namespace, after which the containers' cgroups are named.
    let namespace = "kade-test-\(UInt32.random(in: .min ... .max))"

    init() throws {
        folder = try TemporaryFolder()
        try TestImages.tree(in: folder, named: "tree", sizeInBytes: 10)
        let image = try TestImages()
        try image.add(.init(trees: [folder.at("tree")]), as: "docker.io/library/busybox:latest")
        try Tool.check("tar", "-C", image.path, "-cf", folder.at("image.tar"), ".")
    }

    /// Runs a shell script beside the daemon, which ends with it.
    ///
    /// - Parameters:
    ///   - script: has `$ctr`, the client, and `$image`, the name of busybox; a task named "one" is
    ///     killed at the end.
    ///   - arguments: the script's own: `$1` and on.
    /// - Returns: how the script ended.
    /// - Throws: when it cannot be started.
    func run(_ script: String, _ arguments: String...) throws -> Tool.Outcome {
        let outcome = try Tool.start(
            [
                "unshare", "-m", "-n", "--propagation", "private", "sh", "-c",
                Self.daemon + script, "sh", folder.path, namespace,
            ] + arguments
        ).wait()
        _ = try Tool.run("rm", "-rf", "--one-file-system", folder.at("root"), folder.at("state"))
        return outcome
    }

    private static let daemon = """
        folder=$1 namespace=$2
        shift 2
        mount -t tmpfs -o mode=755 tmpfs /run # where the shims have their sockets
        ip link set lo up
        cat > "$folder/config.toml" << END
        version = 2
        root = "$folder/root"
        state = "$folder/state"
        disabled_plugins = ["io.containerd.grpc.v1.cri"]
        [grpc]
          address = "/run/containerd.sock"
        END
        containerd --config "$folder/config.toml" > "$folder/log" 2>&1 &
        daemon=$!
        ctr="ctr --address /run/containerd.sock --namespace $namespace"
        image=docker.io/library/busybox:latest
        end() {
            $ctr task kill --all --signal KILL one 2> /dev/null
            kill "$daemon"; wait "$daemon"
            find /sys/fs/cgroup -depth -type d -path "*/$namespace*" -exec rmdir {} +
        }
        trap end EXIT
        for _ in $(seq 600); do $ctr version > /dev/null 2>&1 && break; sleep 0.1; done
        $ctr image import "$folder/image.tar" > /dev/null || { cat "$folder/log" >&2; exit 1; }

        """
}
