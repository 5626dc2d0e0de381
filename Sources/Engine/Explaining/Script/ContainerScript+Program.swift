import ContainerRuntime
import Diagnostics
import Linux
import OCI
import SystemPackage

/// The program: who it is, what it may, and how it comes to run in its own root.
extension ContainerScript {
    /// Inside, at last: the first process becomes the program.
    func becomeProgram(_ script: inout ShellText) {
        script.part(
            "Into the program",
            "One program after the other in the same process. The last one waits in a shell until the"
                + " root is the container's: it has left the machine's files by then, and begins what"
                + " it finds in the container's. 8 tells that it waits, 9 that it may go on.")
        script.run("cd /")
        refuse(&script)
        let home = homeWord(&script)
        script.say("No file that whoever calls the script has open is the program's.")
        script.run(
            #"""
            exec 3>&- 4>&- 5>&- 6>&- 7>&-
            for open in $(ls /proc/self/fd); do
                [ "$open" -lt 10 ] || cannot "close the descriptor $open, which it was called with"
            done
            """#)
        script.say(
            "The number that the machine has for this process"
                + (hasOwn(.pid) ? "; inside it is 1." : "."))
        script.run("read -r pid rest </proc/self/stat")
        script.run(["exec"] + chain + environment(home) + waiting)
    }

    /// What of the program's confinement no plain command can make.
    private func refuse(_ script: inout ShellText) {
        if let seccomp = linux.seccomp {
            script.cannot(
                "filter its system calls (\(seccomp.syscalls.count) rules of seccomp in config.json):"
                    + " no plain command loads a filter")
        }
        if spec.annotations[LandlockPlan.annotation] != nil {
            script.cannot("restrict it by Landlock: no plain command makes a ruleset")
        }
        if process.terminal {
            script.cannot(
                "give it a terminal of its own, nor /dev/console: its streams are the script's")
        }
        if let hooks = spec.hooks {
            let all =
                hooks.prestart + hooks.createRuntime + hooks.createContainer + hooks.startContainer
                + hooks.poststart + hooks.poststop
            for hook in all {
                script.cannot(
                    "run the hook \(hook.path): it wants the state of a runtime's container")
            }
        }
        if linux.intelRdt != nil {
            script.cannot("put it into its class of caches and memory bandwidth (resctrl)")
        }
        if linux.memoryPolicy != nil { script.cannot("set its memory policy") }
        let secrets = request.secretVariables.keys.sorted()
        if !secrets.isEmpty {
            script.cannot(
                "give it the variables \(secrets.joined(separator: ", ")): their values are secrets,"
                    + " which no script shall show")
        }
        let lost = process.env.map(Self.name(of:)).filter { !$0.isShellName }
        if !lost.isEmpty {
            script.cannot(
                "give it the variables \(lost.joined(separator: ", ")): a shell has none of such"
                    + " names")
        }
    }

    /// Where its environment names no home, that of its user in the image.
    private func homeWord(_ script: inout ShellText) -> String? {
        guard !process.env.contains(where: { $0.hasPrefix("HOME=") }) else { return nil }
        script.run(
            "at /etc/passwd\n"
                + "home=$(awk -F : '$3 == \(process.user.uid) { print $6; exit }' \"$place\""
                + " 2>/dev/null || :)")
        return "\"HOME=${home:-/}\""
    }

    /// The programs that change what the process is, each of which executes the next.
    private var chain: [String] {
        var chain: [String] = []
        // A session of its own; one with the script's terminal stays in that one's.
        if !process.terminal { chain.append("setsid") }
        if let domain = linux.personality?.domain {
            chain.append("setarch \(domain == .linux32 ? "linux32" : "linux64")")
        }
        if !hasUsers, let limits { chain.append("prlimit \(limits)") }
        if hasOwn(.cgroup) { chain.append("unshare --cgroup") }
        return chain + identity
    }

    /// Its resource limits, as options of prlimit(1).
    private var limits: String? {
        guard !process.rlimits.isEmpty else { return nil }
        return process.rlimits.map { limit in
            let name = limit.type.rawValue.dropFirst("RLIMIT_".count).lowercased()
            return "--\(name)=\(Self.limit(limit.soft)):\(Self.limit(limit.hard))"
        }.joined(separator: " ")
    }

    private static func limit(_ value: UInt64) -> String {
        value == .max ? "unlimited" : "\(value)"
    }

    /// Its user, its groups and its capabilities.
    private var identity: [String] {
        let user = process.user
        let groups = user.additionalGids.map(String.init).joined(separator: ",")
        let keepsGroups =
            spec.annotations["run.oci.keep_original_groups"] == "1"
            || ownMaps?.hasSubordinates == false
        var lines = [
            "setpriv --reuid=\(user.uid) --regid=\(user.gid) "
                + (keepsGroups
                    ? "--keep-groups" : groups.isEmpty ? "--clear-groups" : "--groups=\(groups)")
                + (process.noNewPrivileges ? " --no-new-privs" : "")
        ]
        let sets = process.capabilities
        lines += [
            ("--inh-caps", sets?.inheritable ?? []), ("--ambient-caps", sets?.ambient ?? []),
            ("--bounding-set", sets?.bounding ?? []),
        ].map { option, names in
            let added = names.map { "+" + $0.dropFirst("CAP_".count).lowercased() }
            return "\(option)=" + (["-all"] + added).joined(separator: ",")
        }
        if let profile = process.apparmorProfile, SecurityLabels.isAppArmorEnabled {
            lines.append("--apparmor-profile=\(profile.shellWord)")
        }
        if let label = process.selinuxLabel { lines.append("--selinux-label=\(label.shellWord)") }
        return lines
    }

    /// `env` with the container's variables; the shell behind it is not to be changed by any.
    private func environment(_ home: String?) -> [String] {
        let words = variables.filter { !isLate($0) }.map(\.shellWord)
        return ["env -i"] + words + (home.map { [$0] } ?? [])
    }

    /// What of the environment the script may say, and a shell can have.
    private var variables: [String] {
        let secrets = request.secretVariables
        return process.env.filter { word in
            let name = Self.name(of: word)
            return name.isShellName && secrets[name] == nil
        }
    }

    /// Whether a variable would change the shell that waits, or be changed by it.
    private func isLate(_ word: String) -> Bool {
        let name = Self.name(of: word)
        return name.hasPrefix("LD_") || ["PWD", "OLDPWD", "IFS", "ENV"].contains(name)
    }

    private static func name(of word: String) -> String { String(word.prefix { $0 != "=" }) }

    /// The shell that waits for the root.
    private var waiting: [String] {
        var lines = [
            #"echo "$0" >&8; read -r go <&9; exec 8>&- 9>&-; unset go"#,
            #"cd "$1"; shift; unset PWD OLDPWD"#,
        ]
        if let mask = process.user.umask { lines.append("umask \(Self.octal(mask))") }
        lines += variables.filter(isLate).map { word in
            let name = Self.name(of: word)
            return "export \(name)=" + String(word.dropFirst(name.count + 1)).shellWord
        }
        lines.append(#"exec "$@""#)
        let text = lines.map { "        " + $0 }.joined(separator: "\n")
        return [
            "\"$shell\" -ec \("\n\(text)".shellWord) \"$pid\" \(process.cwd.shellWord)"
        ] + Self.lines(of: process.args)
    }

    private static func octal(_ mask: UInt32) -> String {
        let digits = String(mask, radix: 8)
        return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }

    /// The namespaces, and the process that is born into them.
    func start(_ script: inout ShellText) {
        script.part(
            "Namespaces, and the first process",
            "What is not named here it shares with the machine: \(sharedText). Its streams are the"
                + " script's\(request.process.isInteractive ? "" : ", but for the input, which is empty")."
        )
        var command: [String] = []
        if hasUsers {
            command.append("unshare --mount --propagation slave")
        } else {
            let entry = entering(users: false)
            command = (entry.isEmpty ? [] : [entry]) + [unsharing]
        }
        command.append(
            "\"$shell\" \"$work/\(hasUsers ? "before" : "inside")\""
                + " <\(request.process.isInteractive ? "&3 3<&-" : "/dev/null")"
                + " 8>\"$work/ready\" 9<>\"$work/go\" &")
        if request.process.isInteractive { script.run("exec 3<&0") }
        script.run(command)
        script.run(
            """
            job=$!
            pid=
            later '[ -z "$job" ] || { kill -KILL "$job" ${pid:+"$pid"}; wait "$job"; } 2>/dev/null'
            status=1
            read -r pid <"$work/ready" || { wait "$job" || status=$?; job=; exit "$status"; }
            """)
    }

    /// The command that enters the namespaces which are there already; empty without any.
    ///
    /// - Parameter users: whether one's own user namespace is among them.
    /// - Returns: the command's words.
    func entering(users: Bool) -> String {
        let joined: [String] = linux.namespaces.compactMap { namespace in
            guard let path = namespace.path, namespace.type != .mount, namespace.type != .user
            else { return nil }
            return "--\(Self.option(namespace.type))=\(path.shellWord)"
        }
        let entered =
            joined + (hasOwn(.network) ? ["--net=\"$network\""] : [])
            + (users ? ["--user=\"$users\""] : [])
        return entered.isEmpty ? "" : "nsenter " + entered.joined(separator: " ")
    }

    /// The command that makes new namespaces.
    var unsharing: String {
        let own: [(RuntimeSpec.Namespace.Kind, String)] = [
            (.uts, "--uts"), (.ipc, "--ipc"), (.pid, "--pid --fork --kill-child"),
        ]
        return "unshare --mount --propagation \(sharesMounts && !hasUsers ? "unchanged" : "slave")"
            + own.filter { hasOwn($0.0) }.map { " " + $0.1 }.joined()
    }

    static func option(_ kind: RuntimeSpec.Namespace.Kind) -> String {
        kind == .network ? "net" : kind.rawValue
    }

    private var sharedText: String {
        let kinds: [RuntimeSpec.Namespace.Kind] = [
            .network, .uts, .ipc, .pid, .cgroup, .user, .time,
        ]
        return kinds.filter { namespace($0) == nil }.map(\.rawValue).joined(separator: ", ")
    }

    /// The root becomes the container's, under the feet of the process that waits.
    func enterRoot(_ script: inout ShellText) {
        script.part(
            "The root changes",
            "pivot_root(2) moves all processes of the mount namespace whose root is the old one to the"
                + " new one, also the one that waits. The old root lies on top of the new one then,"
                + " where who enters finds the machine's commands, until it is taken off.")
        script.run(
            """
            nsenter --target "$pid" --mount "$shell" -c 'cd "$root" && exec pivot_root . .'
            """)
        if sharesMounts {
            script.say("So that the machine keeps its own mounts.")
            script.run("nsenter --target \"$pid\" --mount mount --make-rslave /")
        }
        script.run("nsenter --target \"$pid\" --mount umount --lazy /")
        if let propagation = linux.rootfsPropagation {
            script.say("How mounts below its root travel.")
            script.run("mount --namespace \"$pid\" --make-\(propagation.rawValue) /")
        }
    }

    func end(_ script: inout ShellText) {
        script.part(
            "Go", "The program begins, and the script waits for it. Then all is undone.")
        if let score = process.oomScoreAdj {
            script.say("How readily the kernel kills it when memory runs out.")
            script.run("echo \(score) >\"/proc/$pid/oom_score_adj\"")
        }
        if hasUsers, let limits {
            script.say("What it may use. Root of a user namespace can raise no limit.")
            script.run("prlimit --pid \"$pid\" \(limits)")
        }
        script.run(
            """
            echo go >"$work/go"
            status=0
            wait "$job" || status=$?
            job=
            exit "$status"
            """)
    }
}
