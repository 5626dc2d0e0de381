import Diagnostics
import Linux
import SystemPackage

/// A mount namespace of this program's own: what it mounts nobody else sees, and all of it ends
/// with the program, however that ends.
enum PrivateMounts {
    /// Enters it; to be called before the program has threads.
    static func enter() throws(Problem) {
        do {
            try Namespaces.unshare(.newMount)
            // What the host mounts from now on still arrives here.
            try Mount.setPropagation(of: "/", to: .slave, isRecursive: true)
        } catch {
            throw Problem(
                kind: .denied, what: "cannot make a mount namespace for the build",
                why: "\(error)", fix: "run it as root", cause: error)
        }
    }
}
