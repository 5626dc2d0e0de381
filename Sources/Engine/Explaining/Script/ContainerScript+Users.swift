import ContainerRuntime
import Diagnostics
import Linux
import Networking
import OCI
import SystemPackage

/// User namespaces: the container's own, and that of an ordinary user who runs the script.
extension ContainerScript {
    /// Whether the container has a user namespace apart from that of who starts it.
    var hasUsers: Bool { namespace(.user) != nil }

    /// Whether its root is not the machine's, who alone may make nodes and change names by files.
    var isInUsers: Bool { hasUsers || isRootless }

    /// Whether the script is an ordinary user's.
    var isRootless: Bool { ownMaps != nil }

    /// Whether it has a cgroup: an ordinary user's has where one is named for it.
    var hasCgroup: Bool { !isRootless || linux.cgroupsPath != nil }

    /// Who is who in its user namespace.
    private var maps: UserMaps {
        UserMaps(users: IDMap(linux.uidMappings), groups: IDMap(linux.gidMappings))
    }

    /// Who somebody inside is for the script: whom the namespace does not have is nobody in it.
    func outside(_ owner: OwnerIDs) -> OwnerIDs { hasUsers ? maps.outside(owner) ?? owner : owner }

    /// Makes an ordinary user root of a user namespace, where the script goes on.
    func enterOwnUsers(_ script: inout ShellText) {
        guard let ownMaps else { return }
        let user = ownMaps.users.ranges.first { $0.inside == 0 }?.outside ?? 0
        script.part(
            "A user namespace for the script",
            "Who may not mount on the machine may in a user namespace, as its root. It has the IDs"
                + " that /etc/subuid and /etc/subgid give to its user, as that of Kade has. This"
                + " process enters it and begins anew, with mounts that nobody else sees.")
        script.run(
            """
            shell=$(command -v dash || command -v sh)
            if [ "${inside-}" != "$$" ]; then
                [ "$(id -u)" = \(user) ] || { echo "$name: only user \(user) may do this" >&2; exit 1; }
                [ -f "$0" ] || { echo "$name: keep the script in a file, and run that" >&2; exit 1; }
                unshare --user true    # says why, where nobody may
                begin=$(mktemp -d "${TMPDIR:-/tmp}/$name.XXXXXX")
                mkfifo "$begin/mapped" || { rm -r "$begin"; exit 1; }
                exec 9<>"$begin/mapped"    # keeps an answer until it is read; needs no name
                rm -r "$begin"
                {
                    until [ "$(readlink "/proc/$$/ns/user")" != "$(readlink /proc/self/ns/user)" ]; do
                        readlink "/proc/$$/exe" >/dev/null || exit    # has ended, and waits for its parent
                        sleep 0.05
                    done
            """)
        script.run(mapOwn(ownMaps))
        script.run(
            """
                } &
                exec unshare --user "$shell" -ec '
                    read -r mapped <&9
                    [ "$mapped" = mapped ]
                    inside=$$ exec unshare --mount --propagation slave "$1" "$0" 9<&-' "$0" "$shell"
            fi
            unset inside
            """)
    }

    /// Writes the maps of the script's own process, from beside it.
    private func mapOwn(_ own: UserMaps) -> String {
        let answer = "echo mapped >&9 || echo refused >&9"
        guard own.hasSubordinates else {
            // One's own ID takes no help, once setgroups(2) is given up.
            return """
                        echo deny >"/proc/$$/setgroups" &&
                        echo '\(Self.lines(of: own.users).joined())' >"/proc/$$/uid_map" &&
                        echo '\(Self.lines(of: own.groups).joined())' >"/proc/$$/gid_map" &&
                        \(answer)
                """
        }
        func words(_ map: IDMap) -> String { Self.lines(of: map).joined(separator: " ") }
        return """
                    newuidmap $$ \(words(own.users)) &&
                    newgidmap $$ \(words(own.groups)) &&
                    \(answer)
            """
    }

    /// The lines of `uid_map` or `gid_map`.
    private static func lines(of map: IDMap) -> [String] {
        map.ranges.map { "\($0.inside) \($0.outside) \($0.count)" }
    }

    /// Makes the container's user namespace, or finds another container's.
    func users(_ script: inout ShellText) {
        guard let namespace = namespace(.user) else { return }
        script.part(
            "A user namespace",
            "Inside of it the container's users have their own numbers; outside they are these"
                + " others, who own nothing of the machine's. Who may pass through the place to work"
                + " gets no further by it.")
        script.run("chmod 711 \"$work\"")
        if let path = namespace.path {
            script.say("It is another container's.")
            return script.run("users=\(path.shellWord)\nexport users")
        }
        func text(_ map: IDMap) -> String { Self.lines(of: map).joined(separator: "\\n") }
        script.say(
            "A process that sleeps keeps it. Its maps are written from outside, each at once: what is"
                + " inside, what it is outside, how many. /proc/PID/setgroups stays \"allow\", as who"
                + " writes the map of groups has CAP_SETGID here.")
        keep("unshare --user", .user, &script)
        script.run(
            """
            printf '\(text(maps.users))\\n' >"/proc/$keeper/uid_map"
            printf '\(text(maps.groups))\\n' >"/proc/$keeper/gid_map"
            users=/proc/$keeper/ns/user
            export users
            """)
    }

    /// Makes a namespace that a process keeps, and waits until it is there.
    ///
    /// - Parameters:
    ///   - command: what makes it.
    ///   - kind: the namespace.
    ///   - script: gets the commands; the process is `$keeper` then.
    func keep(
        _ command: String, _ kind: RuntimeSpec.Namespace.Kind, _ script: inout ShellText
    ) {
        let file = "ns/\(Self.option(kind))"
        script.run(
            """
            \(command) sleep infinity &
            keeper=$!
            later "kill $keeper 2>/dev/null; wait $keeper 2>/dev/null"
            until [ "$(readlink "/proc/$keeper/\(file)")" != "$(readlink "/proc/$$/\(file)")" ]; do
                kill -0 "$keeper"
                sleep 0.05
            done
            """)
    }

    /// Gives the files that are bound into the container to its root.
    func giveFiles(_ script: inout ShellText) {
        guard hasUsers else { return }
        let root = outside(OwnerIDs(user: 0, group: 0))
        script.say("They belong to the container's root.")
        script.run("chown -R \(root.user):\(root.group) \"$work/files\"")
    }

    /// What a process does for the container before it enters its user namespace: root and sources
    /// of mounts, which inside nobody may open or mount.
    func before(_ script: inout ShellText) throws(Problem) {
        script.run("set -eu")
        insideHelpers(&script)
        copyHelper(&script)
        root(&script)
        sources(&script)
        try bindSources(&script)
        if hasCgroup { try enterCgroup(&script) }
        script.part(
            "Into the user namespace",
            "From here on it is the container's root who mounts. Namespaces that are made after it"
                + " are the user namespace's, so that its root may change what they hold.")
        script.run(["exec \(entering(users: true))", unsharing] + ["\"$shell\" \"$work/inside\""])
    }

    /// Copies files with other owners, which overlay cannot show.
    private func copyHelper(_ script: inout ShellText) {
        guard mounts.contains(where: \.hasMappedOwners) || sources.contains(where: \.isMapped)
        else { return }
        let root = outside(OwnerIDs(user: 0, group: 0))
        script.space()
        script.say(
            "copy FROM TO: files with the owners that they have inside. Who unpacks them is in the"
                + " user namespace, and so gives them to those who have the numbers there.")
        script.run(
            #"""
            copy() {
                chown \#(root.user):\#(root.group) "$2"
                tar -C "$1" --numeric-owner --xattrs --xattrs-include='security.capability' -cf - . |
                    (cd "$2" && exec nsenter --user="$users" tar --numeric-owner --xattrs \
                        --xattrs-include='security.capability' -xpf -) ||
                    cannot "give files to owners whom the user namespace has no numbers for"
            }
            """#)
    }

    /// Mounts an overlay of layers whose owners are others inside.
    ///
    /// - Parameters:
    ///   - mount: the overlay.
    ///   - own: where its layers have short names.
    ///   - place: where it is mounted.
    ///   - script: gets the commands.
    func mountCopy(
        of mount: MonitorConfiguration.RootfsMount, in own: String, at place: String,
        _ script: inout ShellText
    ) {
        var image = mount
        (image.upper, image.work) = (nil, nil)
        image.hasMappedOwners = false
        script.cannot(
            "show the image's files with mapped owners, which overlay does on layers that mount(8)"
                + " of Debian 12 cannot bind so: it has a copy of them")
        script.run("mkdir -p \"\(own)/image\" \"\(own)/copy\"")
        mountLayers(of: image, in: own, at: "\(own)/image", &script)
        script.run("copy \"\(own)/image\" \"\(own)/copy\"\numount \"\(own)/image\"")
        guard mount.upper != nil else {
            return script.run(
                "mount --bind \"\(own)/copy\" \"\(place)\"\n"
                    + "mount -o remount,bind,ro \"\(place)\"")
        }
        for command in ["chown", "chmod"] {
            script.run("\(command) --reference=\"\(own)/copy/.\" \"\(own)/upper\"")
        }
        let options = "lowerdir=\(own)/copy,upperdir=\(own)/upper,workdir=\(own)/work"
        script.run("mount -t overlay -o \"\(options)\" overlay \"\(place)\"")
    }

    /// Binds what the machine's files are mounted from, where whoever mounts them may open it.
    private func bindSources(_ script: inout ShellText) throws(Problem) {
        let binds = try containerMounts().filter { mount in
            guard case .bind(let path, _) = mount.kind else { return false }
            return !isOwnMemory(path)
        }
        guard !binds.isEmpty else { return }
        script.part(
            "What is bound into it",
            "The container's root may not open all of these, and could not take back what they are"
                + " mounted with.")
        script.run("mkdir \"$work/binds\"")
        for mount in binds {
            guard case .bind(let path, let isRecursive) = mount.kind else { continue }
            script.space()
            script.say("\(mount.destination)")
            let source = source(of: mount, path)
            script.run(
                "place=\(boundPlace(of: mount))\n"
                    + "if [ -d \(source) ]; then mkdir \"$place\"; else : >\"$place\"; fi")
            bindSource(mount, source, isRecursive: isRecursive, &script)
        }
    }

    /// Where ``bindSources(_:)`` binds the source of a mount, as a word.
    func boundPlace(of mount: ContainerMount) -> String { "\"$work/binds/\(mount.index)\"" }

    /// Inside: a mount that may be mounted over, as the one that was there before may not be left.
    func rebindRoot(_ script: inout ShellText) {
        script.part(
            "The root",
            "What was mounted before the user namespace cannot be taken off inside: so the root is"
                + " bound onto itself, and that becomes the container's.")
        script.run(
            """
            [ -x "$work" ] || { echo "$name: others may not pass to $work: set TMPDIR" >&2; exit 1; }
            mount --rbind "$root" "$root"
            """)
    }

    /// A file system whose namespace may be the machine's: a user namespace then binds the machine's.
    func mountOrBind(
        _ command: String, _ mount: ContainerMount, _ type: String, _ script: inout ShellText
    ) {
        let host = ["proc": "/proc", "sysfs": "/sys", "mqueue": "/dev/mqueue"][type]
        let needed: [String: RuntimeSpec.Namespace.Kind] = [
            "proc": .pid, "sysfs": .network, "mqueue": .ipc,
        ]
        guard isInUsers, let host, let kind = needed[type], !hasOwn(kind) else {
            return script.run(command)
        }
        script.say(
            "It shows a \(kind.rawValue) namespace that is not its own: where a user namespace may not"
                + " mount it, it is the machine's.")
        script.run("if ! \(command) 2>/dev/null; then\n    mount --rbind \(host) \"$place\"")
        let flags = mount.options.attributeChange.names.joined(separator: ",")
        if !flags.isEmpty { flagBelow(flags, indent: "    ", &script) }
        script.run("fi")
    }

    /// Inside, in a user namespace: the machine's devices, as none can be made.
    func bindDevices(_ script: inout ShellText) {
        script.say("A user namespace may make none: the machine's are bound.")
        script.run(
            #"""
            node() { # PATH
                at "$1"; mkdir -p "${place%/*}"
                [ -e "$place" ] || : >"$place"
                mount --bind "$1" "$place"
            }
            """#)
        for node in DeviceNodes.all(with: linux.devices) {
            let path = node.path.string.shellWord
            guard node.kind == .fifo else {
                script.run("node \(path)")
                continue
            }
            let mode = String(node.permissions.rawValue, radix: 8)
            script.run("at \(path); mkdir -p \"${place%/*}\"; mkfifo -m \(mode) \"$place\"")
        }
    }
}

extension MonitorConfiguration.Source {
    /// Whether its files are shown with mapped owners.
    fileprivate var isMapped: Bool {
        if case .overlay(let mount) = kind { mount.hasMappedOwners } else { false }
    }
}
