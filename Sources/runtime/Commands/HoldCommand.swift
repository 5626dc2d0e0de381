import ContainerRuntime
import Diagnostics
import Glibc
import Linux
import OCI
import SystemPackage

/// `kade-runtime hold`: keeps a namespace that other processes enter, and does nothing else.
///
/// ```
/// kade-runtime hold [--new]
/// kade-runtime hold --bridges NOTE [--new]
/// ```
///
/// The first one keeps a user namespace, to the machine's end. Without `--new` it is the one in
/// which it was started. Descriptor 3 is a pipe, which is closed when the namespace is there, or
/// gets the reason why it is not.
///
/// The second one keeps the network namespace of a user's bridges, until nobody has a shared lock any
/// more on the file that is its descriptor 4; then it removes the note of itself. Without `--new` it is
/// that of its descriptor 5.
enum HoldCommand {
    static func run(_ arguments: [String]) throws(Problem) -> CInt {
        let parsed = try ParsedArguments(
            arguments, options: [.flag("new"), .value("bridges")], stopsAtOperand: false)
        try parsed.requireOperands(0...0, of: "hold")
        let starter = OwnedFD(adopting: 3)
        let note = parsed.value("bridges").map { FilePath($0) }
        do throws(Problem) {
            try explaining("cannot change to /") {
                () throws(SystemCallError) in try WorkingDirectory.change(to: "/")
            }
            switch (note, try parsed.has("new")) {
            case (nil, true): try makeNamespace()
            case (nil, false): break
            case (_, let isNew): try enterBridges(isNew: isNew)
            }
        } catch {
            try explaining("cannot tell why") { () throws(SystemCallError) in
                try starter.writeAll(error.json)
            }
            return 1
        }
        close(starter.release())
        releaseUnusedMemory()
        if let note {
            try leaveUnused(OwnedFD(adopting: 4), note)
            return 0
        }
        while true { pause() }
    }

    private static func enterBridges(isNew: Bool) throws(Problem) {
        try explaining("cannot make a network namespace for your bridges") {
            () throws(SystemCallError) in
            if isNew { return try Namespaces.unshare(.newNetwork) }
            try Namespaces.enter(OwnedFD(adopting: 5), .network)
        }
    }

    /// Waits until nobody uses the bridges; whoever comes then waits until the note is gone, and
    /// makes them anew.
    private static func leaveUnused(
        _ users: borrowing OwnedFD, _ note: FilePath
    ) throws(Problem) {
        try explaining("cannot let your bridges go") { () throws(SystemCallError) in
            _ = try users.lock(.exclusive, wait: true, "the file of those who use the bridges")
            if File.exists(note) { try Link.remove(note) }
        }
        withExtendedLifetime(users) {}
    }

    private static func makeNamespace() throws(Problem) {
        do throws(SystemCallError) {
            try Namespaces.unshare(.newUser)
        } catch {
            throw Problem(
                kind: error.errno == .noSpace ? .exhausted : .denied,
                what: "cannot make a user namespace", why: reason(error.errno), fix: fix,
                cause: error)
        }
    }

    private static func reason(_ errno: Errno) -> String {
        switch errno {
        case .noSpace: "there are as many as /proc/sys/user/max_user_namespaces allows"
        case .notPermitted, .permissionDenied:
            "the kernel does not let ordinary users have one: kernel.unprivileged_userns_clone is 0,"
                + " AppArmor or SELinux forbids it, or the root directory was changed (chroot)"
        default: "unshare CLONE_NEWUSER: \(errno)"
        }
    }

    private static let fix =
        "let users have them: sysctl user.max_user_namespaces=15000"
        + " kernel.unprivileged_userns_clone=1 kernel.apparmor_restrict_unprivileged_userns=0"
        + " (those that there are), or run kade as root"
}
