import Foundation
import Testing

/// Bind mounts whose mount events travel, on a shared mount in a namespace of the test's own.
@Suite(.rootOnly("the mounts are of a namespace that only root makes"))
struct PropagationFlagTests {
    let kade: Kade
    let folder: TemporaryFolder

    init() throws {
        kade = try Kade.withBusybox()
        folder = try TemporaryFolder()
        try FileManager.default.createDirectory(
            atPath: place, withIntermediateDirectories: true)
    }

    private var place: String { folder.at("place") }

    /// Runs a script where `$place` is a tmpfs with the wanted propagation, and `kade` Kade.
    private func host(_ propagation: String, _ script: String) throws -> Tool.Outcome {
        let kade = kade.commandLine([]).joined(separator: " ")
        return try Tool.run(
            "timeout", "600", "unshare", "-m", "--propagation", "private", "sh", "-ec",
            """
            place=\(place)
            mount -t tmpfs kade-test $place
            mkdir $place/in $place/out
            mount --make-\(propagation) $place
            kade() { \(kade) "$@"; }
            wait_for() { n=0; until "$@"; do n=$((n + 1)); [ $n -lt 3000 ]; sleep 0.02; done; }
            \(script)
            """)
    }

    private static let mounter = """
        kade run -d --name one --cap-add SYS_ADMIN $flags busybox sh -c \
            'mount -t tmpfs inside /d/in; echo from inside > /d/in/file; sleep 600'
        wait_for kade exec one test -e /d/in/file
        """

    @Test(arguments: ["rshared", "shared"])
    func `a mount in the container reaches the host, and one of the host the container`(
        propagation: String
    ) throws {
        let outcome = try host(
            "shared",
            """
            flags="-v $place:/d:\(propagation)"
            \(Self.mounter)
            cat $place/in/file
            mount -t tmpfs outside $place/out
            echo from outside > $place/out/file
            kade exec one cat /d/out/file
            kade exec one umount /d/in
            ls $place/in
            kade restart -t 0 one
            wait_for kade exec one test -e /d/in/file
            cat $place/in/file
            kade exec one cat /d/out/file
            grep -c " $place/in " /proc/self/mountinfo
            kade rm -f one
            kade ps -aq
            """)
        #expect(
            outcome.lines.filter { $0.count < 60 } == [
                "from inside", "from outside", "one", "from inside", "from outside", "1", "one",
            ], "\(outcome)")
        #expect(outcome.exitCode == 0)
    }

    @Test(arguments: ["rslave", "slave"])
    func `of a slave only the container sees the other's mounts`(propagation: String) throws {
        let outcome = try host(
            "shared",
            """
            flags="--mount type=bind,src=$place,dst=/d,bind-propagation=\(propagation)"
            \(Self.mounter)
            ls $place/in
            mount -t tmpfs outside $place/out
            echo from outside > $place/out/file
            kade exec one cat /d/out/file
            """)
        #expect(outcome.lines.dropFirst() == ["from outside"], "\(outcome)")
        #expect(outcome.exitCode == 0)
    }

    @Test func `a private mount, the default, keeps both to themselves`() throws {
        let outcome = try host(
            "shared",
            """
            flags="-v $place:/d"
            \(Self.mounter)
            ls $place/in
            mount -t tmpfs outside $place/out
            echo from outside > $place/out/file
            kade exec one ls /d/out
            """)
        #expect(outcome.lines.count == 1, "\(outcome)")
        #expect(outcome.exitCode == 0)
    }

    @Test func `a source whose mount cannot propagate is refused as Docker refuses it`() throws {
        for propagation in ["shared", "rshared"] {
            let outcome = try host(
                "private", "kade run --rm -v $place/in:/d:\(propagation) busybox true")
            #expect(outcome.exitCode == 125)
            #expect(
                outcome.errors.contains(
                    "path \(place)/in is mounted on \(place) but it is not a shared mount"),
                "\(outcome)")
        }
        let slave = try host("private", "kade run --rm -v $place:/d:rslave busybox true")
        #expect(slave.exitCode == 125)
        #expect(
            slave.errors.contains(
                "path \(place) is mounted on \(place) but it is not a shared or slave mount"),
            "\(slave)")
        let shared = try host(
            "slave",
            "mount --make-shared $place; mount --make-slave $place;"
                + " kade run --rm -v $place:/d:rshared busybox true")
        #expect(shared.exitCode == 125)
        #expect(try kade.check("ps", "-aq").isEmpty)
    }

    @Test func `inside, a shared mount has a peer and a slave a master`() throws {
        let outcome = try host(
            "shared",
            "kade run --rm -v $place:/s:rshared -v $place:/t:rslave -v $place:/p busybox"
                + " grep -E ' /(s|t|p) ' /proc/self/mountinfo")
        let line = { (point: String) in outcome.lines.first { $0.contains(" \(point) ") } ?? "" }
        #expect(line("/s").contains("shared:"), "\(outcome)")
        #expect(line("/t").contains("master:") && !line("/t").contains("shared:"))
        #expect(!line("/p").contains("master:") && !line("/p").contains("shared:"))
        #expect(line("/p").contains("/p "))
    }
}
