import Foundation

/// An ordinary user with a range of subordinate IDs.
///
/// The user exists in the files of a private mount namespace only, where everybody may open
/// `/dev/net/tun` as on a usual machine, and which goes with the fixture.
final class TestUser {
    static let id = 54321
    /// The first of the user's subordinate IDs, and how many there are.
    static let subordinates = 12_340_000
    static let subordinateCount = 65536

    private let keeper: Tool.Running
    private let folder: TemporaryFolder

    /// - Parameter hasSubordinates: whether `/etc/subuid` and `/etc/subgid` know the user.
    /// - Throws: when the mount namespace cannot be made.
    init(hasSubordinates: Bool = true) throws {
        folder = try TemporaryFolder()
        try Tool.check("chmod", "755", folder.path)
        keeper = try Tool.start([
            "unshare", "-m", "--propagation", "slave", "sh", "-ec", Self.script, "sh", folder.path,
            "\(Self.id)",
            hasSubordinates ? "kadetest:\(Self.subordinates):\(Self.subordinateCount)" : "",
        ])
        let deadline = Date(timeIntervalSinceNow: 60)
        while keeper.output.isEmpty {
            guard keeper.process.isRunning, Date() < deadline else {
                throw Tool.Failure(description: "no user: \(keeper.errors)")
            }
            usleep(2_000)
        }
    }

    deinit { keeper.signal(SIGKILL) }

    private static let script = """
        bind() { cat "$2" - > "$1/$3" && mount --bind "$1/$3" "$2"; }
        echo "kadetest:x:$2:$2::/nonexistent:/bin/sh" | bind "$1" /etc/passwd passwd
        echo "kadetest:x:$2:" | bind "$1" /etc/group group
        touch /etc/subuid /etc/subgid
        echo "$3" | bind "$1" /etc/subuid subuid
        echo "$3" | bind "$1" /etc/subgid subgid
        mkdir "$1/dev"
        mount -t tmpfs tmpfs "$1/dev"
        mknod -m 666 "$1/dev/tun" c 10 200
        [ ! -e /dev/net/tun ] || mount --bind "$1/dev/tun" /dev/net/tun
        echo ready
        exec sleep infinity
        """

    /// The words before a command that the user shall run.
    ///
    /// - Parameters:
    ///   - home: a directory that the user owns; what a login sets up is in it.
    ///   - variables: further ones, each `NAME=value`.
    /// - Returns: the words.
    func entry(home: String, _ variables: String...) -> [String] {
        let id = "\(Self.id)"
        return [
            "nsenter", "--mount=/proc/\(keeper.process.processIdentifier)/ns/mnt", "setpriv",
            "--reuid", id, "--regid", id, "--clear-groups", "env", "-u", "XDG_DATA_HOME", "-u",
            "XDG_CONFIG_HOME", "HOME=\(home)", "USER=kadetest", "XDG_RUNTIME_DIR=\(home)/runtime",
        ] + variables
    }

    /// Gives the user a directory, with what a login makes in a home.
    func own(_ path: String) throws {
        try Tool.check("mkdir", "-p", "-m", "700", path + "/runtime")
        try Tool.check("chown", "-R", "\(Self.id):\(Self.id)", path)
        try Tool.check("chmod", "755", path)
    }

    /// Runs a shell script as the user.
    func shell(_ script: String, home: String) throws -> Tool.Outcome {
        try Tool.start(entry(home: home) + ["sh", "-c", script]).wait()
    }
}
