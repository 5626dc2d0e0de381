import ContainerRuntime
import Diagnostics
import Linux
import Networking
import SystemPackage

/// The steps of containers, in words.
extension Explanation {
    static func makeDirectory(of bundle: ContainerBundle) -> Explanation {
        Explanation(
            shell: "mkdir -p -m 711 \(bundle.rootfs)",
            why: "the container's OCI bundle, with a mount point for its root file system",
            spec: "bundle")
    }

    static func insert(_ record: ContainerRecord) -> Explanation {
        database(
            "INSERT INTO containers … '\(record.name)'", "from here on others see the container",
            "--name")
    }

    static func delete(_ record: ContainerRecord) -> Explanation {
        database(
            "DELETE FROM containers WHERE id = '\(record.id)'",
            "its name and addresses are free, and nobody sees it any more", "rm")
    }

    static func rename(_ record: ContainerRecord, to name: String) -> Explanation {
        database(
            "UPDATE containers SET name = '\(name)' WHERE id = '\(record.id)'",
            "\(record.name) is called \(name)", "rename")
    }

    static func update(_ record: ContainerRecord) -> Explanation {
        database(
            "UPDATE containers SET request = … WHERE id = '\(record.id)'",
            "the container keeps the new values over restarts", "update")
    }

    static func limitRootfs(of record: ContainerRecord, toBytes limit: Int64) -> Explanation {
        Explanation(
            shell:
                "setquota -P PROJECT 0 \(limit / 1024) 0 0 upper; chattr -p PROJECT +P upper work",
            why: "\(record.name) may not write more into its root file system",
            spec: "--storage-opt")
    }

    static func startMonitor(_ command: [String]) -> Explanation {
        Explanation(
            shell: "setsid \(command.joined(separator: " ")) &",
            why: "one small process holds the container's streams, log, and restart policy",
            spec: "start")
    }

    static func makeHostScratch(_ path: FilePath) -> Explanation {
        Explanation(
            shell: "mkdir -p -m 700 \(path)", why: "what the container changes of the host's files",
            spec: "image host")
    }

    static func makeHostLayer(
        of point: FilePath, _ upper: FilePath, _ work: FilePath
    ) -> Explanation {
        Explanation(
            shell: "mkdir -p \(upper) \(work)", why: "a writable layer above \(point)",
            spec: "root.path")
    }

    static func makeSource(_ path: FilePath) -> Explanation {
        Explanation(
            shell: "mkdir -p \(path)", why: "the source of a -v mount is made where it is missing",
            spec: "-v")
    }

    static func writeNetworkFiles(_ bundle: ContainerBundle) -> Explanation {
        Explanation(
            shell: "cat > \(bundle.hosts); cat > \(bundle.resolver); cat > \(bundle.hostname)",
            why: "the container's own names, and the servers that it asks for others",
            spec: "mounts")
    }

    static func rewriteHosts(_ path: FilePath) -> Explanation {
        Explanation(
            shell: "cat > \(path)", why: "the container's name has its addresses of now",
            spec: "network")
    }

    static func makeSharedMemory(_ path: FilePath, ofBytes size: Int64) -> Explanation {
        Explanation(
            shell: "mkdir -p -m 700 \(path); mount -t tmpfs -o mode=1777,size=\(size) shm \(path)",
            why: "/dev/shm of this container, and of those that join it", spec: "--ipc shareable")
    }

    static func makeSharedDirectory(_ path: FilePath) -> Explanation {
        Explanation(
            shell: "mkdir -p -m 1777 \(path)",
            why: "/dev/shm of this container, and of those that join it", spec: "--ipc shareable")
    }

    static func removeMount(_ path: FilePath) -> Explanation {
        Explanation(
            shell: "umount -l \(path); rmdir \(path)", why: "nobody shares it any more", spec: "rm")
    }

    static func writeTimezone(_ name: String, to path: FilePath) -> Explanation {
        Explanation(
            shell: "cp /usr/share/zoneinfo/\(name) \(path)", why: "the container's /etc/localtime",
            spec: "--tz")
    }

    static func runRuntime(_ command: [String]) -> Explanation {
        Explanation(
            shell: command.joined(separator: " "),
            why: "the OCI runtime does it with the container's processes and cgroups",
            spec: command.dropFirst(3).first ?? "runtime")
    }

    static func writeLifecycle(_ path: FilePath) -> Explanation {
        Explanation(
            shell: "cat > \(path)", why: "what a killed monitor could not write: how it ended",
            spec: "State")
    }

    static func writeFile(_ path: FilePath, _ why: String) -> Explanation {
        Explanation(shell: "cat > \(path)", why: why, spec: "bundle")
    }

    static func removeFile(_ path: FilePath) -> Explanation {
        Explanation(shell: "rm -f \(path)", why: "it is of no use any more", spec: "bundle")
    }

    static func removeDirectory(_ path: FilePath) -> Explanation {
        Explanation(
            shell: "rm -rf --one-file-system \(path)", why: "its files go", spec: "rm")
    }

    static func tellMonitor(_ socket: FilePath) -> Explanation {
        Explanation(
            shell: "(message to \(socket))", why: "the monitor reads what was written",
            spec: "update")
    }

    static func checkHealth(_ socket: FilePath) -> Explanation {
        Explanation(
            shell: "(message to \(socket))", why: "the monitor runs the health check at once",
            spec: "healthcheck run")
    }

    static func copy(_ source: String, to target: String, keepsOwners: Bool) -> Explanation {
        Explanation(
            shell: "cp \(keepsOwners ? "-a" : "-dr --preserve=mode,timestamps") "
                + "\(source) \(target)",
            why: "files are copied by descriptors, so that no link leads out", spec: "cp")
    }

    static func kill(_ pid: Int32, _ signal: Int32) -> Explanation {
        Explanation(
            shell: "kill -\(signal) \(pid)", why: "the container's first process gets the signal",
            spec: "kill")
    }

    /// What a monitor does to end its container.
    static func end(
        _ status: ContainerStatus, signal: Int32, timeoutInMilliseconds: Int32
    ) -> Explanation {
        let pid = status.state.pid.map { "\($0)" } ?? "PID"
        let later =
            signal == Signal.kill.rawValue
            ? ""
            : timeoutInMilliseconds < 0
                ? "; wait" : "; timeout \(timeoutInMilliseconds / 1000) wait || kill -9 \(pid)"
        return Explanation(
            shell: "kill -\(signal) \(pid)\(later)",
            why: "the container ends for good, and its monitor cleans up after it", spec: "stop")
    }

    static func takeBack(_ ports: [PublishedPort]) -> Explanation {
        Explanation(
            shell: ports.map { "nft delete element inet kade \($0.nftElement)" }
                .joined(separator: "; "),
            why: "a killed monitor has left them", spec: "--publish")
    }

    static func giveBack(_ ports: [PublishedPort]) -> Explanation {
        Explanation(
            shell: ports.map { "nft add element inet kade \($0.nftElement)" }
                .joined(separator: "; "),
            why: "somebody has flushed the rules while containers run", spec: "--publish")
    }

    /// A change of `kade.db`.
    static func database(_ statement: String, _ why: String, _ spec: String) -> Explanation {
        Explanation(shell: "sqlite3 kade.db \"\(statement)\"", why: why, spec: spec)
    }
}
