import Diagnostics
import Linux
import OCI
import SystemPackage

/// Who the program runs as: `process.user` (runtime-spec, config.md § User; credentials(7)).
struct SetIdentity: SetupStep {
    let user: RuntimeSpec.User
    /// What becomes of the additional groups that the runtime has.
    let ownGroups: OwnGroups

    enum OwnGroups {
        /// The user's take their place.
        case replaced
        /// They stay, which crun's annotation `run.oci.keep_original_groups` asks for.
        case kept
        /// They stay, because the runtime's user namespace denies setgroups(2).
        case undroppable
    }

    /// crun's name for it.
    static let annotation = "run.oci.keep_original_groups"

    var explanation: Explanation {
        let groups = user.additionalGids.map(String.init).joined(separator: ",")
        let option =
            ownGroups != .replaced
            ? "--keep-groups" : groups.isEmpty ? "--clear-groups" : "--groups \(groups)"
        return Explanation(
            shell: "setpriv --reuid \(user.uid) --regid \(user.gid) \(option)",
            why: "the program runs as this user and these groups",
            spec: "process.user")
    }

    func run(in context: inout SetupContext) throws(Problem) {
        let canSetGroups = context.canSetGroups && ownGroups != .undroppable
        let replacesGroups = canSetGroups && ownGroups == .replaced
        try explaining(
            "cannot become user \(user.uid) and group \(user.gid)",
            fix: "map both in linux.uidMappings and linux.gidMappings"
        ) { () throws(SystemCallError) in
            if let mask = user.umask { setFileModeMask(mask) }
            if replacesGroups { try setAdditionalGroups(user.additionalGids) }
            try setGroup(user.gid)
            // Without this the kernel would empty the permitted set that is applied next.
            if user.uid != 0 { try setKeepsCapabilities(true) }
            try setUser(user.uid)
            if user.uid != 0 { try setKeepsCapabilities(false) }
        }
        if !canSetGroups, user.additionalGids.contains(where: { $0 != user.gid }) {
            context.warn("additional groups are not set: setgroups(2) is denied in this namespace")
        }
    }
}

/// The working directory: `process.cwd` (runtime-spec, config.md § Process).
///
/// It is made when it is missing, and checked: a directory outside of the container's root, left
/// open by someone, would be a way out (CVE-2024-21626).
struct EnterWorkingDirectory: SetupStep {
    let path: String
    let user: RuntimeSpec.User
    /// Whether it is made where it is missing: for a container's first process.
    let isMade: Bool

    var explanation: Explanation {
        Explanation(
            shell: isMade ? "mkdir -p \(path) && cd \(path)" : "cd \(path)",
            why: "the program starts in this directory",
            spec: "process.cwd")
    }

    func run(in context: inout SetupContext) throws(Problem) {
        do throws(SystemCallError) {
            try enterWorkingDirectory(path, in: context)
        } catch  where isMade && error.errno == .noSuchFileOrDirectory {
            try make(in: context)
        } catch  where error.errno == .permissionDenied {
            return  // the user may be allowed to where root is not (NFS): CheckWorkingDirectory
        } catch {
            throw workingDirectoryProblem(path, error)
        }
        // Now, because the container's filter may forbid getcwd(2).
        try requireWorkingDirectoryInsideRoot(path)
        context.isInWorkingDirectory = true
    }

    private func make(in context: borrowing SetupContext) throws(Problem) {
        try explaining(
            "cannot make the working directory \(path)", fix: "choose one that exists"
        ) { () throws(SystemCallError) in
            try context.insideRoot { (root) throws(SystemCallError) in
                let directory = try root.makeDirectories(
                    FilePath(path), permissions: .directoryDefault)
                try directory.changeOwnerOfHandle(user: user.uid, group: user.gid)
                try WorkingDirectory.change(to: directory)
            }
        }
    }
}

/// Enters the working directory as the program's own user, where root could not.
struct CheckWorkingDirectory: SetupStep {
    let path: String

    var explanation: Explanation {
        Explanation(
            shell: "cd \(path) && pwd -P",
            why: "a working directory outside of the container's root would be a way out",
            spec: "process.cwd")
    }

    func run(in context: inout SetupContext) throws(Problem) {
        guard !context.isInWorkingDirectory else { return }
        do throws(SystemCallError) {
            try enterWorkingDirectory(path, in: context)
        } catch {
            throw workingDirectoryProblem(path, error)
        }
        try requireWorkingDirectoryInsideRoot(path)
    }
}

private func requireWorkingDirectoryInsideRoot(_ path: String) throws(Problem) {
    do throws(SystemCallError) {
        _ = try WorkingDirectory.path()
    } catch {
        throw Problem(
            kind: .denied, what: "cannot enter the working directory \(path)",
            why: "it lies outside of the container's root", cause: error)
    }
}

/// Enters a directory beneath the container's root.
private func enterWorkingDirectory(
    _ path: String, in context: borrowing SetupContext
) throws(SystemCallError) {
    try context.insideRoot { (root) throws(SystemCallError) in
        try WorkingDirectory.change(to: root.open(FilePath(path), .directoryHandle))
    }
}

private func workingDirectoryProblem(_ path: String, _ refusal: SystemCallError) -> Problem {
    let what = "cannot enter the working directory \(path)"
    guard refusal.errno == .tooManySymbolicLinkLevels else {
        return Problem(what: what, refusal: refusal)
    }
    return Problem(
        kind: .denied, what: what,
        why: "its links go round in a circle, or one is a link of /proc to an open file",
        fix: "name a directory of the container", cause: refusal)
}
