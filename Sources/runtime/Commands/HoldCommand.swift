import ContainerRuntime
import Diagnostics
import Glibc
import Linux
import OCI
import SystemPackage

/// `kade-runtime hold`: keeps a user namespace that other processes enter, and does nothing else.
///
/// ```
/// kade-runtime hold [--new]
/// ```
///
/// Without `--new` it is the namespace in which it was started. Descriptor 3 is a pipe, which is
/// closed when the namespace is there, or gets the reason why it is not.
enum HoldCommand {
    static func run(_ arguments: [String]) throws(Problem) -> CInt {
        let parsed = try ParsedArguments(
            arguments, options: [.flag("new")], stopsAtOperand: false)
        try parsed.requireOperands(0...0, of: "hold")
        let starter = OwnedFD(adopting: 3)
        do throws(Problem) {
            try explaining("cannot change to /") {
                () throws(SystemCallError) in try WorkingDirectory.change(to: "/")
            }
            if try parsed.has("new") { try makeNamespace() }
        } catch {
            try explaining("cannot tell why") { () throws(SystemCallError) in
                try starter.writeAll(error.json)
            }
            return 1
        }
        close(starter.release())
        releaseUnusedMemory()
        while true { pause() }
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
