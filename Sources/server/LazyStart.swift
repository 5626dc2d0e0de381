import Diagnostics
import Linux
import Storage
import SystemPackage

/// What a pull does that goes on after its caller has started the container.
enum LazyStart {
    /// The environment variable that switches it off.
    static let variable = "KADE_LAZY_START"

    /// What the environment says: `on`, or `off` for images that come whole first.
    ///
    /// - Throws: `.invalid` for another word.
    static func isWanted() throws(Problem) -> Bool {
        try EnvironmentSwitch.isOn(variable, NetworkCommand.environment(variable))
    }

    /// Leaves the session, the directory and the files of the caller, who does not wait.
    static func leaveCaller() throws(Problem) {
        do throws(SystemCallError) {
            do throws(SystemCallError) {
                try startSession()
            } catch  where error.errno == .notPermitted {
                // whoever started this process has given it a session
            }
            try WorkingDirectory.change(to: "/")
            let null = try OwnedFD.open("/dev/null", .readWrite)
            for number: CInt in 0...2 { try null.place(at: number) }
        } catch {
            throw Problem(error, what: "cannot go on with the pull in the background")
        }
    }
}
