import Glibc
import Linux
import SystemPackage

/// Where Kade's things are when nobody names a place.
///
/// An ordinary user's are where the XDG Base Directory Specification has them.
struct DefaultRoots {
    /// What lasts; nil where the environment does not tell.
    let data: FilePath?
    /// What ends with the machine.
    let run: FilePath

    /// - Parameters:
    ///   - user: who runs Kade.
    ///   - environment: Kade's own.
    init(user: UInt32, environment: [String: String]) {
        guard user != 0 else {
            data = "/var/lib/kade"
            run = "/run/kade"
            return
        }
        func directory(_ name: String) -> FilePath? {
            environment[name].flatMap { $0.hasPrefix("/") ? FilePath($0) : nil }
        }
        data = (directory("XDG_DATA_HOME") ?? directory("HOME")?.appending(".local/share"))?
            .appending("kade")
        let usual = FilePath("/run/user/\(user)")
        // No place is the user's own before the user has logged in there.
        let isThere = (try? FileStatus(of: usual))?.owner == user
        run =
            directory("XDG_RUNTIME_DIR")?.appending("kade")
            ?? (isThere ? usual.appending("kade") : FilePath("/tmp/kade-\(user)"))
    }
}
