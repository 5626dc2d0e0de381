import Foundation
import Testing

/// `--storage-opt size=`: project quotas, on an ext4 of a loop device in a namespace of the test's.
@Suite struct StorageOptionTests {
    let kade: Kade
    let folder: TemporaryFolder

    init() throws {
        kade = try Kade()
        folder = try TemporaryFolder()
    }

    /// Whether the kernel can; the virtual machines of Tests/Guest can.
    private static let keepsQuotas =
        (try? Tool.run(
            "unshare", "-m", "--propagation", "private", "sh", "-ec",
            """
            mount -t tmpfs none /mnt
            truncate -s 16M /mnt/disk
            mkfs.ext4 -q -O quota,project -E quotatype=prjquota /mnt/disk
            mkdir /mnt/place
            mount -o loop,prjquota /mnt/disk /mnt/place
            """
        ).exitCode) == 0  // what cannot be run says no

    /// Runs a script where `kade` has its data root on a file system with project quotas.
    private func host(_ script: String) throws -> Tool.Outcome {
        let archive = try Kade.busyboxArchive.get()
        return try Tool.run(
            "timeout", "300", "unshare", "-m", "--propagation", "private", "sh", "-ec",
            """
            cd \(folder.path)
            truncate -s 256M disk
            mkfs.ext4 -q -O quota,project -E quotatype=prjquota disk
            mkdir data
            mount -o loop,prjquota disk data
            kade() { \(BuiltProgram.path("kade")) --root $PWD/data/kade --runroot $PWD/run "$@"; }
            kade import \(archive) busybox >/dev/null
            \(script)
            """)
    }

    @Test(.enabled(if: keepsQuotas, "this kernel keeps no quotas of ext4 (CONFIG_QFMT_V2)"))
    func `what a container writes is limited, and nobody else`() throws {
        let outcome = try host(
            """
            write='dd if=/dev/zero of=/file bs=1M count=20 2>&1 | grep -c "Disk quota exceeded"
                   echo $(( $(stat -c %s /file) / 1048576 < 10 ))'
            kade run --rm --storage-opt size=8m busybox sh -c \
                "$write; df -m / | awk 'END { print \\$2 }'"
            kade run -d --name one --storage-opt size=4m busybox sleep 600 >/dev/null
            kade run --rm busybox sh -c "$write"
            kade inspect -f '{{.HostConfig.StorageOpt}}' one
            kade exec one sh -c 'head -c 2000000 /dev/zero > /a && mv /a /b && ls /b'
            kade restart -t 0 one
            kade exec one sh -c 'head -c 4000000 /dev/zero > /c || echo full'
            kade rm -f one
            repquota -P data 2>/dev/null | grep -c ' 4096 ' || true
            """)
        #expect(
            outcome.lines.filter { $0.utf8.count < 60 } == [
                "1", "1", "8", "0", "0", "map[size:4194304]", "/b", "one", "full",
                "one", "0",
            ], "\(outcome)")
    }

    @Test func `a file system without quotas says so, and so does the image host`() throws {
        try kade.check("import", try Kade.busyboxArchive.get(), "busybox")
        let outcome = try kade("run", "--rm", "--storage-opt", "size=1g", "busybox", "true")
        #expect(outcome.exitCode == 125)
        #expect(outcome.errors.contains("keeps no project quotas"), "\(outcome)")
        #expect(outcome.errors.contains("prjquota"))
        let host = try kade("run", "--rm", "--storage-opt", "size=1g", "host", "true")
        #expect(host.errors.contains("in memory"), "\(host)")
        #expect(try kade.check("ps", "-aq").isEmpty)
    }

    @Test(.enabled(if: isRoot)) func `a data root on an overlay says what is wrong with it`() throws
    {
        let place = kade.folder.at("place")
        let outcome = try Tool.run(
            "unshare", "-m", "--propagation", "private", "sh", "-c",
            """
            mkdir "$1" && mount -t tmpfs none "$1" && cd "$1" && mkdir l u w m
            mount -t overlay none -o lowerdir=l,upperdir=u,workdir=w m
            export KADE_STORAGE_DRIVER=overlay
            kade="$2 --root $1/m/data --runroot $1/run"
            $kade import "$3" busybox >/dev/null && $kade run --rm --network none busybox true
            """, "sh", place, BuiltProgram.path("kade"), try Kade.busyboxArchive.get())
        #expect(outcome.exitCode == 125, "\(outcome)")
        #expect(outcome.errors.contains("is on an overlay itself"), "\(outcome)")
        #expect(outcome.errors.contains("--root DIRECTORY"), "\(outcome)")
        #expect(outcome.errors.contains("KADE_STORAGE_DRIVER"), "\(outcome)")
    }
}
