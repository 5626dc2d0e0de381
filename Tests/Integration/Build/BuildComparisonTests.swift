import Foundation
import Testing

/// What Kade builds is what Podman and Docker's own builder build: the same files, the same words.
@Suite(.enabled(if: isRoot)) struct BuildComparisonTests {
    @Test func `podman builds the same`() throws {
        let peer = try Self.outcomes(
            of: Self.podmanScript, for: .podman, unshare: ["-m", "--propagation", "private"])
        try Self.compare(with: peer, .podman)
    }

    @Test func `docker's builder builds the same`() throws {
        let peer = try Self.outcomes(
            of: Self.dockerScript, for: .docker, unshare: ["-m", "-n", "--propagation", "private"])
        try Self.compare(with: peer, .docker)
    }

    private static func compare(
        with outcomes: [String: BuildOutcome], _ peer: BuildCase.Peer
    ) throws {
        let kade = try Kade()
        try kade.check("import", try BuildCase.baseArchive.get(), "base:latest")
        for one in BuildCase.all where one.peers.contains(peer) {
            let own = try kadeOutcome(of: one, with: kade)
            guard let other = outcomes[one.name] else {
                Issue.record("\(peer.rawValue) did not build '\(one.name)'")
                continue
            }
            let differences = own.differences(from: other, named: peer.rawValue)
            #expect(differences.isEmpty, "\(one.name): \(differences.joined(separator: "\n"))")
        }
    }

    /// Builds a case with Kade.
    static func kadeOutcome(of one: BuildCase, with kade: Kade) throws -> BuildOutcome {
        let folder = try TemporaryFolder()
        try one.write(to: folder, at: "context")
        let build = try kade.call(
            ["build", "-q", "-t", "case"] + one.arguments + [folder.at("context")])
        guard build.exitCode == 0 else {
            throw Tool.Failure(description: "kade did not build '\(one.name)': \(build.errors)")
        }
        let output = folder.at("files")
        try kade.call(
            ["build", "-q", "-o", output] + one.arguments + [folder.at("context")])
        let listing = try Tool.check("sh", "-c", BuildCase.listing + "list \"$1\"", "sh", output)
        return try BuildOutcome(
            listing: listing, inspection: try kade.check("image", "inspect", "case"))
    }

    /// Builds all cases of a peer in one session of it.
    private static func outcomes(
        of script: String, for peer: BuildCase.Peer, unshare: [String]
    ) throws -> [String: BuildOutcome] {
        let folder = try TemporaryFolder()
        let cases = BuildCase.all.filter { $0.peers.contains(peer) }
        for (index, one) in cases.enumerated() {
            try one.write(to: folder, at: "\(index)/context")
            try folder.write(
                one.arguments.map { "\($0)\n" }.joined(), to: "\(index)/arguments")
        }
        try folder.write("", to: "errors")
        let outcome = try Tool.start(
            ["unshare"] + unshare + [
                "bash", "-c", BuildCase.listing + script, "bash", folder.path,
                try BuildCase.baseArchive.get(), "\(cases.count)",
            ],
            environment: ["DOCKER_BUILDKIT": "0"]
        ).wait()
        var outcomes: [String: BuildOutcome] = [:]
        for (index, one) in cases.enumerated() {
            guard let listing = try? folder.text("\(index)/listing"),
                let inspection = try? folder.text("\(index)/inspection"), !inspection.isEmpty
            else { continue }
            outcomes[one.name] = try BuildOutcome(listing: listing, inspection: inspection)
        }
        if outcomes.count < cases.count {
            Issue.record("\(outcome.output)\(outcome.errors)\(try folder.text("errors"))")
        }
        _ = try Tool.run("rm", "-rf", "--one-file-system", folder.path)
        return outcomes
    }

    private static let podmanScript = """
        podman="podman --root $1/graph --runroot $1/run"
        trap '$podman image umount -a > /dev/null; $podman rmi -a -f > /dev/null' EXIT
        $podman import -q "$2" base:latest > /dev/null || exit
        for number in $(seq 0 $(($3 - 1))); do
            cd "$1/$number" || exit
            mapfile -t arguments < arguments
            $podman build -q --format docker --isolation chroot --pull=never --layers=false -t case \\
                "${arguments[@]}" context > /dev/null 2>> "$1/errors" || continue
            list "$($podman image mount case)" > listing
            $podman image inspect case > inspection
            $podman image umount case > /dev/null
        done
        """

    private static let dockerScript = """
        mount -t tmpfs -o mode=755 tmpfs /run # where the shims have their sockets
        ip link set lo up
        export DOCKER_HOST="unix:///run/docker.sock" DOCKER_CONFIG="$1"
        parent=kade-test-build-$$
        dockerd --data-root "$1/data" --exec-root /run/docker --pidfile /run/docker.pid \\
            --host "$DOCKER_HOST" --iptables=false --ip6tables=false --ip-forward=false \\
            --ip-masq=false --userland-proxy=false --bridge=none --cgroup-parent "/$parent" \\
            --default-ulimit nofile=20000:20000 --default-ulimit nproc=32768:32768 \\
            > "$1/log" 2>&1 &
        daemon=$!
        end() {
            kill "$daemon"; wait "$daemon"
            find /sys/fs/cgroup -depth -type d -path "*/$parent*" -exec rmdir {} +
        }
        trap end EXIT
        for _ in $(seq 1200); do docker version > /dev/null 2>&1 && break; sleep 0.1; done
        docker import "$2" base > /dev/null || { cat "$1/log" >&2; exit 1; }
        for number in $(seq 0 $(($3 - 1))); do
            cd "$1/$number" || exit
            mapfile -t arguments < arguments
            docker build -q --network none -t case "${arguments[@]}" context > /dev/null \\
                2>> "$1/errors" || continue
            docker image inspect case > inspection
            container=$(docker create --network none case /x 2>> "$1/errors") || continue
            mkdir files
            docker export "$container" | tar -C files --numeric-owner -x
            list files > listing
            docker rm "$container" > /dev/null
        done
        """
}
