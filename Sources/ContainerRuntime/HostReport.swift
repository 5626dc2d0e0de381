package import Diagnostics
import Linux
import OCI
import SystemPackage

/// What a machine offers to containers, as the runtime finds it: `kade-runtime info`.
package struct HostReport: Sendable {
    /// One subject and what is to be said of it, a sentence or a name each.
    package struct Entry: Sendable, Equatable {
        package let name: String
        package let values: [String]
    }

    /// The subjects in their order.
    package private(set) var entries: [Entry] = []

    /// Asks the machine.
    ///
    /// - Parameters:
    ///   - version: the runtime's own version.
    ///   - searchPath: where programs are looked for (`PATH`).
    /// - Throws: when `/proc` cannot be read.
    package init(version: String, searchPath: String) throws(Problem) {
        let facts = try HostFacts.probe(for: RuntimeSpec(ociVersion: "1.0.0"), process: nil)
        add("version", [version])
        add("kernel", [Self.text("/proc/sys/kernel/osrelease")])
        add("architecture", [Self.text("/proc/sys/kernel/arch")])
        add("operating system", [Self.operatingSystem])
        add("processors", [Self.text("/sys/devices/system/cpu/online")])
        add("user", [Self.user(facts)])
        add("capabilities", [Self.capabilities(facts)])
        add("user namespaces", Self.userNamespaces)
        add("namespaces", NamespaceKind.allCases.filter(Self.isOffered).map(\.rawValue))
        add("cgroups", facts.cgroups.hierarchies.map(\.sentence))
        add("seccomp", Self.words(Self.text("/proc/sys/kernel/seccomp/actions_avail")))
        add("landlock", [Self.landlock])
        add("security modules", Self.securityModules)
        add("systemd", [File.exists("/run/systemd/system") ? "runs this machine" : "does not run"])
        add("file systems", Self.fileSystems)
        if case .found(let path) = lookUpProgram("criu", searchPath: searchPath) {
            add("criu", ["\(path)"])
        } else {
            add("criu", ["not installed: there is no checkpoint and no restore"])
        }
    }

    private mutating func add(_ name: String, _ values: [String]) {
        entries.append(Entry(name: name, values: values.filter { !$0.isEmpty }))
    }

    /// A file's first line; what cannot be read is unknown.
    private static func text(_ path: FilePath) -> String {
        guard let text = try? File.readText(path), let line = lines(text).first else {
            return "unknown"
        }
        return line
    }

    private static func lines(_ text: String) -> [String] {
        text.utf8.split(separator: UInt8(ascii: "\n")).map { String($0) ?? "" }
    }

    private static func words(_ text: String) -> [String] {
        text.utf8.split(separator: UInt8(ascii: " ")).map { String($0) ?? "" }
    }

    /// `PRETTY_NAME` of os-release(5).
    private static var operatingSystem: String {
        let start = "PRETTY_NAME="
        let text = (try? File.readText("/etc/os-release")) ?? ""
        guard let line = lines(text).first(where: { $0.hasPrefix(start) }) else { return "unknown" }
        return line.dropFirst(start.count).filter { $0 != "\"" }
    }

    private static var landlock: String {
        switch try? Landlock.version() {
        case nil: "unknown"
        case 0?: "not in this kernel, or switched off"
        case let version?: "version \(version)"
        }
    }

    private static func user(_ facts: HostFacts) -> String {
        facts.isInInitialUserNamespace
            ? "\(facts.effectiveUserID)"
            : "\(facts.effectiveUserID) of a user namespace"
    }

    private static func capabilities(_ facts: HostFacts) -> String {
        let held = CapabilitySet(rawValue: facts.effectiveCapabilities)
        let missing = Capability.allCases.filter {
            Int($0.rawValue) <= facts.lastCapability && !held.contains($0)
        }
        if missing.isEmpty { return "all" }
        if held.rawValue == 0 { return "none" }
        return "all but " + missing.map(\.name).joined(separator: " ")
    }

    private static var userNamespaces: [String] {
        var sentences = ["\(text("/proc/sys/user/max_user_namespaces")) at most"]
        for (file, denial, sentence) in [
            ("unprivileged_userns_clone", "0", "not for ordinary users"),
            ("apparmor_restrict_unprivileged_userns", "1", "for ordinary users by AppArmor only"),
        ] where text(FilePath("/proc/sys/kernel/\(file)")) == denial {
            sentences.append("\(sentence) (kernel.\(file) is \(denial))")
        }
        return sentences
    }

    private static func isOffered(_ kind: NamespaceKind) -> Bool {
        File.exists(FilePath("/proc/self/ns/\(kind.fileName)"))
    }

    private static var securityModules: [String] {
        guard let text = try? File.readText("/sys/kernel/security/lsm") else {
            return ["unknown: securityfs is not mounted at /sys/kernel/security"]
        }
        return text.utf8.split(separator: UInt8(ascii: ",")).map { String($0) ?? "" }
    }

    /// Those that container engines care for.
    private static var fileSystems: [String] {
        let text = (try? File.readText("/proc/filesystems")) ?? ""
        let known = Set(lines(text).compactMap { words($0.replacingTabs).last })
        return ["overlay", "erofs", "fuse"].filter { known.contains($0) }
    }
}

extension String {
    fileprivate var replacingTabs: String { String(map { $0 == "\t" ? " " : $0 }) }
}

extension CgroupLayout.Hierarchy {
    /// "memory: version 1 at /sys/fs/cgroup/memory".
    fileprivate var sentence: String {
        let name: String
        switch kind {
        case .controllers(let all): name = all.map(\.rawValue).joined(separator: ",")
        case .named(let word): name = "name=\(word)"
        case .unified(let all):
            name = all.isEmpty ? "no controllers" : all.map(\.rawValue).joined(separator: ",")
        }
        return "version \(version == .v2 ? 2 : 1) at \(mountPoint): \(name)"
    }
}
