import Foundation

/// A network namespace of a test's own, in the place of the machine's network.
///
/// It is there as long as its owner, and everything in it goes with it.
final class NetworkNamespace {
    private let keeper: Tool.Running
    /// Whether it has mounts of its own, too.
    private let hasMounts: Bool

    /// Makes one.
    ///
    /// - Parameter resolver: the text of `/etc/resolv.conf` for programs in it; nil leaves them the
    ///   machine's.
    /// - Throws: when there is none after a minute.
    init(resolver: String? = nil) throws {
        hasMounts = resolver != nil
        let script = (resolver.map(Self.resolverScript) ?? "") + Self.script
        keeper = try Tool.start(
            ["unshare", "--net"] + (hasMounts ? ["--mount"] : []) + ["sh", "-ec", script])
        let deadline = Date(timeIntervalSinceNow: 60)
        while keeper.output.isEmpty {
            guard keeper.process.isRunning, Date() < deadline else {
                throw Tool.Failure(description: "no network namespace: \(keeper.errors)")
            }
            usleep(2_000)
        }
    }

    /// Makes one that can be the machine's for whoever the commands are run by.
    ///
    /// An ordinary user's containers have a network only where there is a default route; this one
    /// leads nowhere.
    static func machine() throws -> NetworkNamespace {
        let namespace = try NetworkNamespace()
        guard Kade.isOrdinary else { return namespace }
        try namespace.check(
            """
            ip link add way0 type veth peer name way1
            ip address add 198.51.100.1/24 dev way0
            ip link set way0 up
            ip link set way1 up
            ip route add default via 198.51.100.2
            """)
        return namespace
    }

    /// Makes one with the address 192.0.2.1, whose default route leads to another one beside it,
    /// 192.0.2.2.
    static func routed(by other: NetworkNamespace) throws -> NetworkNamespace {
        let namespace = try NetworkNamespace()
        try namespace.connect(to: other, own: "192.0.2.1/24", others: "192.0.2.2/24")
        try namespace.check("ip route add default via 192.0.2.2")
        return namespace
    }

    deinit { keeper.signal(SIGKILL) }

    /// Binds a file over `/etc/resolv.conf`, which programs may write.
    private static func resolverScript(_ text: String) -> String {
        """
        file=$(mktemp)
        printf '%s' '\(text)' > $file
        mount --bind $file /etc/resolv.conf
        rm $file

        """
    }

    /// It begins as a machine does that is no router.
    private static let script = """
        ip link set lo up
        echo 0 > /proc/sys/net/ipv4/ip_forward
        echo 0 > /proc/sys/net/ipv6/conf/all/forwarding
        echo ready
        exec sleep infinity
        """

    /// The process that it belongs to.
    var process: Int32 { keeper.process.processIdentifier }

    /// The words before a command that shall run in it.
    var entry: [String] {
        ["nsenter", "--net=/proc/\(process)/ns/net"]
            + (hasMounts ? ["--mount=/proc/\(process)/ns/mnt"] : [])
    }

    /// Runs a program in it, however it ends.
    @discardableResult
    func run(_ arguments: String...) throws -> Tool.Outcome {
        try Tool.start(entry + arguments).wait()
    }

    /// Runs a shell script in it that must succeed.
    @discardableResult
    func check(_ script: String) throws -> String {
        let outcome = try Tool.start(entry + ["sh", "-ec", script]).wait()
        guard outcome.exitCode == 0 else {
            throw Tool.Failure(
                description: "\(script) ended with \(outcome.exitCode): \(outcome.errors)"
                    + outcome.output)
        }
        return outcome.output
    }

    /// Starts a program in it that goes on while the test does.
    func start(_ arguments: String...) throws -> Tool.Running {
        try Tool.start(entry + arguments)
    }

    /// Connects it to another one, as two machines are by a cable.
    func connect(to other: NetworkNamespace, own: String, others: String) throws {
        try check(
            """
            ip link add lan0 type veth peer name lan0 netns /proc/\(other.process)/ns/net
            ip address add \(own) dev lan0
            ip link set lan0 up
            """)
        try other.check("ip address add \(others) dev lan0; ip link set lan0 up")
    }
}
