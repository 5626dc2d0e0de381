import Foundation
import Testing

/// containerd's runc shim with `kade-runtime` as its `BinaryName`, in mounts and roots of its own.
@Suite(.enabled(if: isRoot)) struct ContainerdTests {
    @Test(arguments: ServiceRuntimes.all)
    func `containerd runs, enters, limits, pauses, measures and removes containers`(
        runtime: String
    ) throws {
        let containerd = try PrivateContainerd()
        let outcome = try containerd.run(Self.script, runtime)
        #expect(outcome.lines == Self.expected, "\(outcome.errors)")
        #expect(outcome.errors.contains("/nothing-there: no such file or directory"))
        #expect(outcome.errors.contains("non-zero exit code 137"))
        #expect(try Kade.cgroups(of: containerd.namespace).isEmpty)
    }

    private static let script = """
        run="$ctr run --runtime io.containerd.runc.v2 --runc-binary $1"
        status() { $ctr task ls | awk '$1 == "one" { print $3 }'; }
        inside="$ctr task exec --exec-id"

        $run --rm $image run /bin/busybox sh -c 'echo hello; exit 7'
        echo "run $?"
        $run --rm $image missing /nothing-there
        echo "missing $?"
        $run --rm --cwd /etc --env A=b --cap-add CAP_SYS_TIME --read-only --seccomp $image flags \\
            /bin/busybox sh -c 'echo $(busybox pwd) $A; busybox grep CapEff /proc/self/status'
        $run -d --memory-limit 67108864 --cpus 0.5 $image one \\
            /bin/busybox sh -c 'busybox sleep 10000; exit'
        status
        $inside first one /bin/busybox sh -c 'echo inside; exit 4'
        echo "exec $?"
        $inside second --user 9 one /bin/busybox id -u
        # ctr does not wait for the last output of a terminal: the program ends when it is there.
        script -qec "$inside third --tty one /bin/busybox sh -c 'busybox tty; exec busybox sleep 1000'" /dev/null \
            > "$folder/third" 2>&1 &
        for _ in $(seq 600); do grep -q /dev/pts/0 "$folder/third" && break; sleep 0.1; done
        grep -o /dev/pts/0 "$folder/third"
        $ctr task kill --exec-id third --signal KILL one
        wait $!
        $inside fourth --detach one /bin/busybox sleep 1000
        count() { $ctr task ps one | grep -c '[0-9]  *-'; }
        for _ in $(seq 600); do [ "$(count)" = 2 ] && break; sleep 0.1; done
        count
        $ctr task metrics one | awk '$1 ~ /^memory.(limit_in_bytes|usage_limit)/ { print $2 }'
        $ctr task pause one
        status
        $ctr task resume one
        status
        $ctr task kill --exec-id fourth --signal KILL one
        $ctr task kill --all --signal KILL one
        for _ in $(seq 600); do [ "$(status)" = STOPPED ] && break; sleep 0.1; done
        status
        $ctr task rm one
        echo "code $?"
        $ctr container rm one
        $ctr container ls -q
        """

    private static let expected = [
        "hello", "run 7", "missing 1", "/etc b", "CapEff:\t00000000aa0425fb",
        "RUNNING", "inside", "exec 4", "9",
        "/dev/pts/0", "2", "67108864", "PAUSED", "RUNNING", "STOPPED", "code 0",
    ]
}
