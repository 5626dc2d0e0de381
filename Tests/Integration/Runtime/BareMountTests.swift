import Foundation
import OCI
import Testing

/// Containers on a machine with so many mounts that they begin from an empty mount namespace.
@Suite struct BareMountTests {
    /// Makes 443 mounts in a namespace of its own, shared among themselves, and goes on there.
    private static let prelude = """
        set -e
        mount -t tmpfs tmpfs "$1"
        mkdir "$1/many" "$1/source"
        for i in $(seq 20); do mkdir "$1/many/$i"; mount -t tmpfs tmpfs "$1/many/$i"; done
        for i in $(seq 20); do mkdir "$1/$i"; mount --rbind "$1/many" "$1/$i"; done
        mount --bind "$1/source" "$1/source"
        mount --make-rshared "$1"
        echo content > "$1/source/file"
        runtime() { "$RUNTIME" --root "$ROOT" "$@"; }

        """

    /// Runs a script where there are many mounts.
    private func run(_ bundle: RuntimeBundle, _ script: String) throws -> Tool.Outcome {
        try Tool.check("mkdir", "-p", bundle.folder.at("host"))
        return try Tool.start(
            [
                "env", "RUNTIME=\(RuntimeBundle.program)", "ROOT=\(bundle.root)",
                "ID=\(bundle.id)", "BUNDLE=\(bundle.folder.path)", "unshare", "--mount",
                "--propagation", "private", "sh", "-c", Self.prelude + script, "sh",
                bundle.folder.at("host"),
            ]
        ).wait()
    }

    private func bundle(_ propagation: RuntimeSpec.Linux.RootfsPropagation?) throws -> RuntimeBundle
    {
        let bundle = try RuntimeBundle { $0.linux?.rootfsPropagation = propagation }
        bundle.spec.mounts.removeAll { $0.type == "cgroup" }
        bundle.spec.mounts.append(
            .init(
                destination: "/data", type: "bind", source: bundle.folder.at("host/source"),
                options: ["rbind", "ro"]))
        return bundle
    }

    @Test func `nothing of the host is seen, and the next container begins from the same one`()
        throws
    {
        let bundle = try bundle(nil)
        try bundle.write(shell: "cat /data/file; wc -l < /proc/self/mountinfo; touch /data/x")
        let outcome = try run(
            bundle,
            """
            for i in 1 2; do
                runtime run --bundle "$BUNDLE" "$ID" || echo "code $?"
                cat /proc/self/mountinfo | grep -c @mounts
            done
            runtime list -q
            """)
        let lines = outcome.lines
        try #require(lines.count == 8, "\(outcome)")
        #expect(lines[0] == "content" && lines[4] == "content", "\(outcome)")
        #expect(try #require(Int(lines[1])) < 40, "\(outcome)")
        #expect(lines[2] == "code 1" && lines[6] == "code 1", "the source is read-only: \(outcome)")
        #expect(lines[3] == "2" && lines[7] == "2", "\(outcome)")
        #expect(FileManager.default.fileExists(atPath: bundle.root + "/@mounts/namespace"))
    }

    @Test(
        arguments: [
            (nil, true), (.rslave, true), (.rprivate, false),
        ] as [(RuntimeSpec.Linux.RootfsPropagation?, Bool)])
    func `what the host mounts later arrives where the propagation lets it`(
        propagation: RuntimeSpec.Linux.RootfsPropagation?, arrives: Bool
    ) throws {
        let bundle = try bundle(propagation)
        bundle.spec.process?.args = ["sleep", "1000"]
        try bundle.write()
        let outcome = try run(
            bundle,
            """
            mkdir "$1/source/later"
            runtime run --detach --bundle "$BUNDLE" "$ID" < /dev/null > /dev/null 2>&1
            mount -t tmpfs tmpfs "$1/source/later"
            touch "$1/source/later/new"
            runtime exec "$ID" ls /data/later
            runtime delete --force "$ID"
            """)
        #expect(outcome.output == (arrives ? "new\n" : ""), "\(outcome)")
    }

    @Test func `a hook that needs the host's paths in the container finds them`() throws {
        let bundle = try bundle(nil)
        bundle.spec.hooks = .init(createContainer: [
            .init(
                path: "/bin/sh",
                args: ["sh", "-c", "touch \(bundle.folder.path)/rootfs/tmp/by-hook"])
        ])
        try bundle.write(shell: "ls /tmp")
        let outcome = try run(bundle, "runtime run --bundle \"$BUNDLE\" \"$ID\"")
        #expect(outcome.output == "by-hook\n", "\(outcome)")
        #expect(!FileManager.default.fileExists(atPath: bundle.root + "/@mounts"))
    }
}
