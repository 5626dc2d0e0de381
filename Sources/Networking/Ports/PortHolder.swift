import Linux
import OCI
import SystemPackage

/// Who has a port of the host, for the error that says so.
///
/// Everything here is best effort: what cannot be read is not said.
enum PortHolder {
    /// The process that has a port, in words; nil where none is found.
    static func find(_ transport: Transport, _ port: UInt16) -> String? {
        if let container = container(with: transport, port) { return container }
        guard transport != .sctp else { return nil }
        var inodes: Set<String> = []
        for table in [transport.rawValue, transport.rawValue + "6"] {
            guard let text = try? File.readText(FilePath("/proc/thread-self/net/\(table)")) else {
                continue
            }
            inodes.formUnion(Self.inodes(in: text, of: port, listens: transport == .tcp))
        }
        guard !inodes.isEmpty, let processes = try? Directory.list("/proc") else { return nil }
        for entry in processes {
            let process = FilePath("/proc").appending(entry.name)
            guard entry.name.string.allSatisfy(\.isNumber),
                let files = try? Directory.list(process.appending("fd"))
            else { continue }
            for file in files {
                guard
                    let target = try? Link.target(of: process.appending("fd").appending(file.name)),
                    target.string.hasPrefix("socket:["),
                    inodes.contains(String(target.string.dropFirst(8).dropLast()))
                else { continue }
                return description(of: entry.name.string)
            }
        }
        return nil
    }

    /// The container that publishes a port: a socket that only holds it is in no table of the kernel,
    /// but the container's monitor has noted it.
    private static func container(with transport: Transport, _ port: UInt16) -> String? {
        let own = (try? FileStatus(of: "/proc/self/ns/net"))?.identity
        // A monitor that takes a port again is nobody else; what it has noted is how it was.
        let caller = (try? Link.target(of: "/proc/self"))?.string
        for entry in (try? Directory.list("/proc")) ?? []
        where entry.name.string.allSatisfy(\.isNumber) && entry.name.string != caller {
            // The same port of another network namespace is another one.
            guard let bundle = monitoredBundle(of: entry.name.string),
                let namespace = try? FileStatus(of: FilePath("/proc/\(entry.name)/ns/net")),
                namespace.identity == own,
                let bytes = try? File.read(bundle.appending("lifecycle.json")),
                let json = try? JSONValue.parse(bytes, named: "lifecycle.json")
            else { continue }
            let ports = (json["ports"]?.array ?? []).compactMap { PublishedPort($0) }
            if ports.contains(where: { $0.transport == transport && $0.hostPort == port }) {
                return "container \(bundle.lastComponent?.string.prefix(12) ?? "")"
            }
        }
        return nil
    }

    /// The bundle of the container that a process is the monitor of.
    private static func monitoredBundle(of pid: String) -> FilePath? {
        let words = ((try? File.read(FilePath("/proc/\(pid)/cmdline"))) ?? [])
            .split { $0 == 0 }.map { String(decoding: $0, as: UTF8.self) }
        guard words.contains("monitor"), let index = words.firstIndex(of: "--container"),
            index + 1 < words.count
        else { return nil }
        return FilePath(words[index + 1])
    }

    /// The inodes of the sockets in a table of `/proc/net` that have a local port.
    static func inodes(in text: String, of port: UInt16, listens: Bool) -> Set<String> {
        var inodes: Set<String> = []
        for line in text.split(whereSeparator: { $0 == "\n" }).dropFirst() {
            let words = line.split { $0 == " " }
            guard words.count > 9, let local = words[1].split(whereSeparator: { $0 == ":" }).last,
                UInt16(local, radix: 16) == port, !listens || words[3] == "0A"  // TCP_LISTEN
            else { continue }
            inodes.insert(String(words[9]))
        }
        return inodes
    }

    /// `process 4121 (nginx)`.
    private static func description(of pid: String) -> String {
        let name = (try? File.readText(FilePath("/proc/\(pid)/comm")))?
            .split { $0 == "\n" }.first.map { " (\($0))" }
        return "process \(pid)\(name ?? "")"
    }
}
