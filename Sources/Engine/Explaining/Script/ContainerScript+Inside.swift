import ContainerRuntime
import Diagnostics
import Linux
import OCI
import SystemPackage

/// What the container's first process does: its root, mounts and devices.
extension ContainerScript {
    func inside(_ script: inout ShellText) throws(Problem) {
        script.run("set -eu")
        insideHelpers(&script)
        if hasUsers {
            rebindRoot(&script)
        } else {
            root(&script)
            sources(&script)
        }
        let mounts = try containerMounts()
        try makeMounts(mounts, &script)
        if !mounts.contains(where: \.bringsHostDevices) { devices(&script) }
        names(&script)
        try seal(mounts, &script)
        if hasCgroup, !hasUsers { try enterCgroup(&script) }
        becomeProgram(&script)
    }

    func containerMounts() throws(Problem) -> [ContainerMount] {
        var mounts: [ContainerMount] = []
        for (index, mount) in spec.mounts.enumerated() {
            mounts.append(try ContainerMount(mount, index: index, bundle: bundle.directory))
        }
        return mounts
    }

    func insideHelpers(_ script: inout ShellText) {
        script.run(#"cannot() { printf '%s: cannot %s\n' "$name" "$*" >&2; }"#)
        script.space()
        script.say(
            "at PATH: sets $place to where a path of the container is now, below $root. Links of the"
                + " image count from its own root, so that none leads out of it.")
        script.run(
            #"""
            at() { within "$root" "$1"; }
            within() {
                place=; left=$2; links=0
                while [ -n "$left" ]; do
                    step=${left%%/*}
                    case $left in */*) left=${left#*/} ;; *) left= ;; esac
                    case $step in
                    '' | .) ;;
                    ..) place=${place%/*} ;;
                    *)
                        if [ -L "$1$place/$step" ]; then
                            links=$((links + 1)); [ "$links" -le 40 ]
                            link=$(readlink "$1$place/$step")
                            case $link in /*) place= ;; esac
                            left=$link/$left
                        else
                            place=$place/$step
                        fi ;;
                    esac
                done
                place=$1$place
            }
            """#)
        script.space()
        script.say("Make what something is mounted on, where the image has none.")
        script.run(
            #"""
            directory() { at "$1"; mkdir -p "$place"; }
            file() { at "$1"; mkdir -p "${place%/*}"; [ -e "$place" ] || : >"$place"; }
            like() { if [ -d "$1" ]; then directory "$2"; else file "$2"; fi; }
            """#)
    }

    func root(_ script: inout ShellText) {
        script.part(
            "The root",
            "The image's layers with a writable one on top. Only this mount namespace has it, so that"
                + " nothing of it is left when its processes are gone.")
        for (index, mount) in mounts.enumerated() {
            let place: String
            if mount.at.isEmpty {
                place = "$root"
            } else {
                script.run("directory \("/\(mount.at)".shellWord)")
                place = "$place"
            }
            if mount.isDirectory {
                script.say("It is this directory itself: what it writes, the first container sees.")
                script.run("mount --rbind \((mount.lower.first ?? "").shellWord) \"\(place)\"")
            } else {
                mountLayers(of: mount, in: "$work/\(index)", at: place, &script)
            }
        }
        if request.resources.rootfsSizeInBytes != nil {
            script.cannot("limit the size of what it writes (--storage-opt size)")
        }
    }

    private func makeMounts(
        _ mounts: [ContainerMount], _ script: inout ShellText
    ) throws(Problem) {
        script.part("What is mounted in it", "In the order of `mounts` in config.json.")
        for mount in mounts {
            script.space()
            let reason = try? explainer().reason(for: spec.mounts[mount.index])
            script.say("\(mount.destination): \(reason?.why ?? "made for this container")")
            switch mount.kind {
            case .bind(let path, let isRecursive):
                bind(mount, path, isRecursive: isRecursive, &script)
            case .fileSystem(let type, let source):
                fileSystem(mount, type, source, &script)
            case .cgroup: try mountCgroups(mount, &script)
            case .remount:
                let options =
                    ["remount"] + (mount.options.isBind ? ["bind"] : [])
                    + mount.options.attributeChange.names + mount.options.data
                script.run(
                    "at \(mount.destination.string.shellWord)\n"
                        + "mount -o \(options.joined(separator: ",").shellWord) \"$place\"")
                propagate(mount.options, &script)
            }
        }
    }

    private func explainer() throws(Problem) -> ContainerExplainer {
        try ContainerExplainer(context, status, asDeclared: true)
    }

    private func bind(
        _ mount: ContainerMount, _ path: FilePath, isRecursive: Bool, _ script: inout ShellText
    ) {
        if isOwnMemory(path) {
            script.say("Others may join the first container's; this one has its own.")
            let size = request.resources.shmSizeInBytes ?? ResourceRequest.defaultShmSize
            script.run(
                "directory \(mount.destination.string.shellWord)\n"
                    + "mount -t tmpfs -o nosuid,nodev,noexec,mode=1777,size=\(size) shm \"$place\"")
            return
        }
        let source = hasUsers ? boundPlace(of: mount) : source(of: mount, path)
        script.run("like \(source) \(mount.destination.string.shellWord)")
        if hasUsers {
            script.run("mount --rbind \(source) \"$place\"")
        } else {
            bindSource(mount, source, isRecursive: isRecursive, &script)
        }
        propagate(mount.options, &script)
    }

    /// Whether it is the memory that containers share, which each script's has for itself.
    func isOwnMemory(_ path: FilePath) -> Bool {
        path == context.configuration.sharedMemory(of: record.id)
    }

    /// Binds a file or directory at `$place`, with the mount's flags and owners.
    func bindSource(
        _ mount: ContainerMount, _ source: String, isRecursive: Bool, _ script: inout ShellText
    ) {
        let how = isRecursive ? "--rbind" : "--bind"
        if mount.options.ownerMapping != nil {
            mapOwners(mount, how, source, &script)
        } else {
            script.run("mount \(how) \(source) \"$place\"")
        }
        change(mount, &script)
    }

    /// The flags of a mount, which an old mount(8) can change only when it is made.
    private func change(_ mount: ContainerMount, _ script: inout ShellText) {
        var flags = mount.options.attributeChange
        if mount.isFrozenLater { flags.set.remove(.readOnly) }
        if !flags.names.isEmpty {
            script.run("mount -o remount,bind,\(flags.names.joined(separator: ",")) \"$place\"")
        }
        let below = mount.options.recursive.names
        guard !below.isEmpty else { return }
        script.say("The same for all that is mounted below it.")
        flagBelow(below.joined(separator: ","), indent: "", &script)
    }

    /// Sets flags of `$place` and of all that is mounted below it.
    func flagBelow(_ flags: String, indent: String, _ script: inout ShellText) {
        for line in [
            "findmnt --noheadings --raw --submounts --output TARGET --mountpoint \"$place\" |",
            "    while read -r below; do",
            "        mount -o remount,bind,\(flags) \"$(printf %b \"$below\")\"", "    done",
        ] { script.run(indent + line) }
    }

    private func mapOwners(
        _ mount: ContainerMount, _ how: String, _ source: String, _ script: inout ShellText
    ) {
        let users = mount.ownerMaps?.users.ranges.map { "u:\($0.inside):\($0.outside):\($0.count)" }
        let groups = mount.ownerMaps?.groups.ranges.map {
            "g:\($0.inside):\($0.outside):\($0.count)"
        }
        let map = ((users ?? []) + (groups ?? [])).joined(separator: " ")
        script.say("Its files belong to others inside, which mount(8) can say since version 2.39.")
        script.run(
            """
            if mount --help | grep -q -e --map-users; then
                mount \(how) -o \("X-mount.idmap=\(map)".shellWord) \(source) "$place"
            else
                cannot \("show the files of \(mount.destination) with mapped owners (\(map)): this mount(8) is older than 2.39".shellWord)
                mount \(how) \(source) "$place"
            fi
            """)
    }

    private func fileSystem(
        _ mount: ContainerMount, _ type: String, _ source: String, _ script: inout ShellText
    ) {
        let options = mount.options
        var flags = options.attributeChange
        let isReadOnly = flags.set.contains(.readOnly)
        flags.set.remove(.readOnly)
        var words = flags.names + options.fileSystemFlags + options.data
        // The kernel's own file systems may be shared with the machine: only the mount is read-only.
        let ofKernel = [
            "proc", "sysfs", "tmpfs", "devpts", "mqueue", "debugfs", "tracefs", "securityfs", "bpf",
        ]
        let target = mount.destination.string.shellWord
        if isReadOnly, !ofKernel.contains(type) { words.append("ro") }
        var text = words.isEmpty ? "" : " -o \(words.joined(separator: ",").shellWord)"
        if type == "tmpfs", !options.data.contains(where: { $0.hasPrefix("mode=") }) {
            script.say("It has the permissions of the image's directory there.")
            script.run(
                "at \(target)\nmode=\n[ ! -d \"$place\" ] || mode=,mode=$(stat -c %a \"$place\")")
            text = " -o \((words.isEmpty ? "rw" : words.joined(separator: ",")).shellWord)\"$mode\""
        }
        script.run("directory \(target)")
        if options.copiesUp {
            script.say("It begins with what the image has there.")
            script.run("mkdir \"$work/copy\"\ncp -a \"$place/.\" \"$work/copy/\"")
        }
        let word = source.isEmpty ? "none" : source.shellWord
        mountOrBind(
            "mount -t \(type.shellWord)\(text) \(word) \"$place\"", mount, type, &script)
        if options.copiesUp {
            script.run("cp -a \"$work/copy/.\" \"$place/\"\nrm -rf \"$work/copy\"")
        }
        if isReadOnly, ofKernel.contains(type), !mount.isFrozenLater {
            script.run("mount -o remount,bind,ro \"$place\"")
        }
        propagate(options, &script)
    }

    /// How mounts made later travel between this mount and its copies.
    func propagate(_ options: MountOptions, _ script: inout ShellText) {
        for change in options.propagation {
            script.run(
                "mount --make-\(change.isRecursive ? "r" : "")\(change.propagation) \"$place\"")
        }
    }

    private func devices(_ script: inout ShellText) {
        script.part(
            "Devices", "Every container has a few; nodes say which of the kernel's a name means.")
        if isInUsers { bindDevices(&script) } else { makeDevices(&script) }
        linkDevices(&script)
    }

    private func makeDevices(_ script: inout ShellText) {
        script.run(
            #"""
            node() { # PATH MODE TYPE [MAJOR MINOR]
                at "$1"; mkdir -p "${place%/*}"
                [ -e "$place" ] || mknod -m "$2" "$place" "$3" ${4:+"$4" "$5"}
            }
            """#)
        for node in DeviceNodes.all(with: linux.devices) {
            let numbers = node.kind == .fifo ? "" : " \(node.number.major) \(node.number.minor)"
            let mode = String(node.permissions.rawValue, radix: 8)
            var line = "node \(node.path.string.shellWord) \(mode) \(node.letter)\(numbers)"
            if node.user != 0 || node.group != 0 {
                line += "; chown \(node.user):\(node.group) \"$place\""
            }
            script.run(line)
        }
    }

    private func linkDevices(_ script: inout ShellText) {
        script.say("Programs find their own streams, and the terminals of the container.")
        script.run("directory /dev")
        script.run(
            "link() { [ -e \"$place/$2\" ] || [ -L \"$place/$2\" ] || ln -s \"$1\" \"$place/$2\"; }"
        )
        for link in DeviceNodes.links {
            let line = "link \(link.target) \(link.name)"
            switch link.name {
            case "core": script.run("[ ! -e /proc/kcore ] || \(line)")
            case "ptmx": script.run("rm -f \"$place/ptmx\"; \(line)")
            default: script.run(line)
            }
        }
    }

    /// Names, kernel parameters, the working directory.
    private func names(_ script: inout ShellText) {
        if spec.hostname != nil || spec.domainname != nil || !linux.sysctl.isEmpty {
            script.part(
                "Names and kernel parameters",
                "What is below /proc/sys for a namespace is that of the process which writes.")
            // Those files are the machine's root's.
            for (name, value) in [("hostname", spec.hostname), ("domainname", spec.domainname)] {
                guard let word = value?.shellWord else { continue }
                script.run(
                    isInUsers ? "\(name) \(word)" : "echo \(word) >/proc/sys/kernel/\(name)")
            }
            for (name, value) in linux.sysctl.sorted(by: { $0.key < $1.key }) {
                let file = "/proc/sys/" + KernelParameter.path(of: name)
                script.run("echo \(value.shellWord) >\(file.shellWord)")
            }
        }
        let user = process.user
        script.part("The working directory", "It is made where the image has none.")
        script.run(
            "at \(process.cwd.shellWord)\n"
                + "[ -d \"$place\" ] || { mkdir -p \"$place\"; chown \(user.uid):\(user.gid) \"$place\"; }"
        )
    }

    /// What becomes read-only or hidden, now that nothing is made below it any more.
    private func seal(_ mounts: [ContainerMount], _ script: inout ShellText) throws(Problem) {
        let frozen = mounts.filter(\.isFrozenLater).map(\.destination.string)
        let isRootReadOnly = spec.root?.readonly == true
        guard
            !frozen.isEmpty || isRootReadOnly || !linux.readonlyPaths.isEmpty
                || !linux.maskedPaths.isEmpty
        else { return }
        script.part(
            "What nobody inside may change, or see",
            "Files of the kernel that tell of the machine, or change it.")
        for path in frozen {
            script.run("at \(path.shellWord); mount -o remount,bind,ro \"$place\"")
        }
        if isRootReadOnly { script.run("mount -o remount,bind,ro \"$root\"") }
        if !linux.readonlyPaths.isEmpty {
            script.run(["for path in"] + Self.lines(of: linux.readonlyPaths))
            script.run(
                """
                do
                    at "$path"; [ -e "$place" ] || continue
                    mount --rbind "$place" "$place"
                    mount -o remount,bind,ro "$place"
                done
                """)
        }
        guard !linux.maskedPaths.isEmpty else { return }
        script.say("A directory is hidden by an empty one, a file by /dev/null.")
        script.run("empty=")
        script.run(["for path in"] + Self.lines(of: linux.maskedPaths))
        script.run(
            """
            do
                at "$path"; [ -e "$place" ] || continue
                if [ ! -d "$place" ]; then
                    mount --bind "$root/dev/null" "$place"
                elif [ -n "$empty" ]; then
                    mount --bind "$empty" "$place"
                else
                    mount -t tmpfs -o nosuid,nodev,noexec,nr_blocks=1,nr_inodes=1 tmpfs "$place"
                    mount -o remount,bind,ro "$place"
                    empty=$place
                fi
            done
            """)
    }

    /// Words, a few on each line.
    static func lines(of words: [String]) -> [String] {
        var lines: [String] = []
        for word in words.map(\.shellWord) {
            if let last = lines.last, last.count + word.count < 88 {
                lines[lines.count - 1] = last + " " + word
            } else {
                lines.append(word)
            }
        }
        return lines
    }
}
