import ContainerRuntime
import Diagnostics
import Linux
import Networking
import SystemPackage

extension EngineContext {
    /// Makes a router of the host, which takes containers' packets on to others (`ip_forward`).
    ///
    /// Before it becomes one by Kade, a mark remembers that: packets between networks that are not
    /// Kade's are dropped, as they were before.
    func prepareForwarding(
        of networks: [NetworkRecord], recording steps: inout StepRecorder
    ) throws(Problem) {
        for version in IPVersion.allCases
        where networks.contains(where: { $0.definition.subnet(version) != nil }) {
            let file = version.forwardingFile
            let text = try explaining("cannot read \(file)") { () throws(SystemCallError) in
                try File.readText(file)
            }
            guard text.hasPrefix("0") else { continue }
            try steps.perform(.forward(version)) { () throws(Problem) in
                try explaining("cannot switch forwarding on", fix: "echo 1 > \(file)") {
                    () throws(SystemCallError) in
                    try File.create(
                        forwardingMark(version), content: [], permissions: .ownerReadWrite)
                    if version == .v6 { try keepRouterAdvertisements() }
                    try File.write("1", into: file)
                }
            }
        }
    }

    /// Whether Kade made a router of the host since it was started.
    func isRouterByKade(_ version: IPVersion) throws(Problem) -> Bool {
        File.exists(forwardingMark(version))
    }

    private func forwardingMark(_ version: IPVersion) -> FilePath {
        configuration.runRoot.appending("forwards-\(version == .v4 ? "ipv4" : "ipv6")")
    }

    /// A router takes no address from other routers unless it is told to (`accept_ra` 2); the host
    /// shall not lose its own.
    private func keepRouterAdvertisements() throws(SystemCallError) {
        let directory: FilePath = "/proc/sys/net/ipv6/conf"
        for entry in try Directory.list(directory) where entry.name.string != "all" {
            let file = directory.appending(entry.name).appending("accept_ra")
            if try File.readText(file).hasPrefix("1") { try File.write("2", into: file) }
        }
    }
}

extension IPVersion {
    fileprivate var forwardingFile: FilePath {
        self == .v4 ? "/proc/sys/net/ipv4/ip_forward" : "/proc/sys/net/ipv6/conf/all/forwarding"
    }
}

extension Explanation {
    fileprivate static func forward(_ version: IPVersion) -> Explanation {
        Explanation(
            shell: "echo 1 > \(version.forwardingFile)",
            why: "the host passes containers' packets on; between its other networks it still "
                + "passes none",
            spec: "--network")
    }
}
