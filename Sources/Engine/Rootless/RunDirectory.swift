import Diagnostics
import Glibc
import Linux
import SystemPackage

/// An ordinary user's run root, which may have to be in a place that everybody writes to.
enum RunDirectory {
    /// Makes the directory, or checks that nobody else has.
    ///
    /// - Parameter path: the run root.
    /// - Throws: when it belongs to somebody else, or others may write to it.
    static func make(_ path: FilePath) throws(Problem) {
        let status = try explaining(
            "cannot make the run root \(path)",
            fix: "set XDG_RUNTIME_DIR to a directory of your own, or name one with --runroot"
        ) { () throws(SystemCallError) in
            if !File.exists(path) {
                try Directory.makeAll(path, permissions: FilePermissions(rawValue: 0o700))
            }
            return try FileStatus(ofLink: path)
        }
        guard status.kind == .directory, status.owner == geteuid(), status.permissions & 0o022 == 0
        else {
            throw Problem(
                kind: .denied, what: "cannot use the run root \(path)",
                why: status.owner == geteuid()
                    ? "others may write to it: its mode is \(String(status.permissions, radix: 8))"
                    : "it belongs to user \(status.owner)",
                fix: "remove it, or name another one with --runroot")
        }
    }
}
