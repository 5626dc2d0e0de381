import Foundation
import Testing

/// Kade on a data root that is full, a small tmpfs in a mount namespace of the test's own.
@Suite struct FullDiskTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// Runs a script where `$root` is a data root of 24 MB with the image `busybox`, `kade` Kade,
    /// `fill` takes all room that is left and `empty` gives it back.
    private func onSmallDisk(_ script: String) throws -> Tool.Outcome {
        let archive = try Kade.busyboxArchive.get()
        return try Tool.run(
            "timeout", "600", "unshare", "-m", "--propagation", "private", "sh", "-euc",
            """
            root=\(folder.at("data"))
            mkdir $root
            mount -t tmpfs -o size=24m kade-test $root
            kade() { \(BuiltProgram.path("kade")) --root $root --runroot \(folder.at("run")) "$@"; }
            fill() { cat /dev/zero > $root/filler 2>/dev/null || true; }
            empty() { rm $root/filler; }
            wait_for() { n=0; until "$@"; do n=$((n + 1)); [ $n -lt 3000 ]; sleep 0.02; done; }
            trap 'rm -f $root/filler; for id in $(kade ps -aq); do kade rm -f $id > /dev/null; done' EXIT
            kade import \(archive) busybox:latest > /dev/null
            \(script)
            """)
    }

    @Test func `run says that the disk is full, leaves nothing and works again with room`() throws {
        let outcome = try onSmallDisk(
            """
            kade run --rm busybox true
            # The monitor deletes its files, which would be room.
            until [ -z "$(ls -A $root/containers)" ]; do sleep 0.02; done
            fill
            code=0
            kade run --name one busybox true || code=$?
            echo $code
            kade ps -aq
            ls $root/containers
            find \(folder.at("run")) -mindepth 2 -not -name '*.lock'
            empty
            kade run --name one busybox echo works
            """)
        #expect(outcome.lines == ["125", "works"], "\(outcome)")
        #expect(outcome.errors.contains("No space left on device"))
        #expect(outcome.exitCode == 0)
    }

    /// Starts a container that fills the disk with its log, and waits until it has.
    private var chatter: String {
        """
        mkdir \(folder.at("go"))
        fill
        truncate -s -1M $root/filler
        kade run --name one -v \(folder.at("go")):/go busybox sh -c '
            echo before
            yes 0123456789012345678901234567890123456789 | head -c 3075000
            while ! [ -e /go/on ]; do sleep 0.05; done
            echo after; exit 7' > \(folder.at("attached")) &
        wait_for sh -c 'test $(stat -c %s \(folder.at("attached"))) -ge 3075007'
        [ $(stat -f -c %a $root) -lt 64 ]

        """
    }

    @Test func `a log that fills the disk neither ends nor holds up the container`() throws {
        let outcome = try onSmallDisk(
            chatter + """
                empty
                touch \(folder.at("go/on"))
                code=0; wait $! || code=$?
                echo $code
                kade inspect -f '{{.State.ExitCode}} {{.State.Error}}' one
                kade logs one 2> \(folder.at("errors")) | sed -n '1p;$p'
                """)
        #expect(outcome.lines == ["7", "7 ", "before", "after"], "\(outcome)")
        #expect(outcome.exitCode == 0)
        let errors = try folder.text("errors")
        #expect(errors.contains("lines of the log are missing"), "\(errors)")
        #expect(errors.contains("No space left on device"))
        #expect(try folder.text("attached").hasSuffix("\nafter\n"))
    }

    @Test func `an exit on a full disk is noted, and why the log is short`() throws {
        let outcome = try onSmallDisk(
            chatter + """
                touch \(folder.at("go/on"))
                code=0; wait $! || code=$?
                echo $code
                kade inspect -f '{{.State.ExitCode}} {{.State.Status}} {{.State.Error}}' one
                kade logs one 2> \(folder.at("errors")) | sed -n 1p
                kade rm one
                kade ps -aq
                """)
        try #require(outcome.lines.count == 4, "\(outcome)")
        #expect(outcome.lines[0] == "7")
        #expect(outcome.lines[1].hasPrefix("7 exited "), "\(outcome)")
        // The log itself says it where a last page had room for that, else the container's state.
        let errors = try folder.text("errors")
        #expect((outcome.lines[1] + errors).contains("lines of the log are missing"), "\(outcome)")
        #expect(outcome.lines[2...] == ["before", "one"])
        #expect(outcome.exitCode == 0)
    }

    @Test func `a container restarts on a full disk`() throws {
        let outcome = try onSmallDisk(
            """
            mkdir \(folder.at("go"))
            kade run -d --name one --restart always -v \(folder.at("go")):/go busybox sh -c '
                echo x >> /go/runs; while ! [ -e /go/end ]; do sleep 0.05; done; rm /go/end' \
                > /dev/null
            wait_for test -e \(folder.at("go/runs"))
            fill
            touch \(folder.at("go/end"))
            state() { kade inspect -f '{{.State.Status}} {{.RestartCount}}' one; }
            is() { [ "$(state)" = "$1" ]; }
            wait_for is 'running 1' || state
            kade stop -t 0 one
            kade inspect -f '{{.State.Status}} {{.State.ExitCode}}' one
            """)
        #expect(outcome.lines == ["one", "exited 137"], "\(outcome)")
        #expect(outcome.exitCode == 0)
    }
}
