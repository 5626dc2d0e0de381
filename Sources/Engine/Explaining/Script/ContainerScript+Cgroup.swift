import ContainerRuntime
import Diagnostics
import Linux
import OCI
import SystemPackage

/// The cgroup: beside the container's own, with the same limits.
extension ContainerScript {
    /// The cgroup as far as its path is known when the script is written: its name is a variable.
    private func ownCgroup() throws(Problem) -> Cgroup {
        let parent = FilePath(linux.cgroupsPath ?? "/kade/\(record.id)").removingLastComponent()
        return try explaining("cannot find the cgroups of this machine") {
            () throws(SystemCallError) in
            Cgroup(layout: try context.cgroupLayout(), path: parent.appending("$name").string)
        }
    }

    private var needed: [CgroupController] {
        ResourceLimits.controllers(for: linux.resources ?? .init())
    }

    /// The hierarchies where it has a place.
    func hierarchies() throws(Problem) -> [CgroupLayout.Hierarchy] {
        let cgroup = try ownCgroup()
        let usesUnified = cgroup.usesUnified(requiring: needed)
        return cgroup.layout.hierarchies.filter { $0.version == .v1 || usesUnified }
    }

    func cgroup(_ script: inout ShellText) throws(Problem) {
        let cgroup = try ownCgroup()
        let version = cgroup.layout.isUnified ? "version 2" : "version 1"
        script.part(
            "The cgroup, and what it limits",
            "A group of processes that the kernel limits and counts together; this machine's are of"
                + " \(version). It is beside the first container's, and so has the same ones above."
        )
        script.run("cgroup=\(Self.path(cgroup.path))")
        let places = try hierarchies().map(\.mountPoint.string)
        script.run(
            "hierarchies=\"" + Self.lines(of: places).joined(separator: " \\\n    ") + "\"\n"
                + "export cgroup hierarchies")
        script.run(
            #"""
            remove_cgroup() {
                while read -r left <"$1/cgroup.procs"; do
                    kill -KILL "$left" || break
                done
                for _ in 1 2 3 4 5 6 7 8; do
                    rmdir "$1" 2>/dev/null && return
                    sleep 0.1    # the last of its processes takes a moment to be gone
                done
                rmdir "$1"
            }
            """#)
        if let unified = try hierarchies().first(where: { $0.version == .v2 }) {
            enableControllers(of: unified, for: cgroup, &script)
        }
        script.run(
            """
            for hierarchy in $hierarchies; do
                mkdir -p "$hierarchy$cgroup"
                later "remove_cgroup '$hierarchy$cgroup'"
            done
            """)
        fillCPUSet(of: cgroup, &script)
        try limits(in: cgroup, &script)
    }

    /// Version 2: what is limited and counted below has to be enabled in each cgroup above.
    private func enableControllers(
        of hierarchy: CgroupLayout.Hierarchy, for cgroup: Cgroup, _ script: inout ShellText
    ) {
        let names = (needed + ResourceLimits.measured.filter { !needed.contains($0) })
            .filter { cgroup.layout.version(of: $0) == .v2 }.compactMap(\.unifiedName)
        guard !names.isEmpty else { return }
        var above = [hierarchy.mountPoint]
        for part in FilePath(cgroup.path).removingLastComponent().components {
            above.append((above.last ?? hierarchy.mountPoint).appending(part))
        }
        script.say("What shall be limited and counted is enabled in the cgroups above.")
        script.run(
            """
            for above in \(above.map(\.string.shellWord).joined(separator: " ")); do
                mkdir -p "$above"
                echo \(names.map { "+\($0)" }.joined(separator: " ").shellWord) >"$above/cgroup.subtree_control"
            done
            """)
    }

    /// Version 1: nobody can enter a cpuset without processors and memory nodes.
    private func fillCPUSet(of cgroup: Cgroup, _ script: inout ShellText) {
        guard let hierarchy = cgroup.layout.hierarchy(of: .cpuset), hierarchy.version == .v1 else {
            return
        }
        let names = FilePath(cgroup.path).components.map {
            $0.string == "$name" ? "\"$name\"" : $0.string.shellWord
        }
        script.say("A new cpuset is empty, and cannot be entered: it gets what the one above has.")
        script.run(
            """
            above=\(hierarchy.mountPoint.string.shellWord)
            for child in \(names.joined(separator: " ")); do
                for file in cpuset.cpus cpuset.mems; do
                    [ -n "$(cat "$above/$child/$file")" ] || cat "$above/$file" >"$above/$child/$file"
                done
                above=$above/$child
            done
            """)
    }

    private func limits(in cgroup: Cgroup, _ script: inout ShellText) throws(Problem) {
        let written = try ResourceLimits.written(
            for: linux.resources ?? .init(), in: cgroup, on: HostFacts(cgroups: cgroup.layout))
        for write in written.writes {
            script.say(write.why.prefix(1).uppercased() + write.why.dropFirst() + ".")
            let commands = write.candidates.map { candidate in
                (
                    file: Self.path(
                        (cgroup.directory(for: write.controller) ?? FilePath(cgroup.path))
                            .appending(candidate.file).string), values: candidate.values
                )
            }
            guard let first = commands.first else { continue }
            if let second = commands.dropFirst().first {
                script.run("if [ -e \(first.file) ]; then")
                Self.write(first.values, to: first.file, indent: "    ", &script)
                script.run("else")
                Self.write(second.values, to: second.file, indent: "    ", &script)
                script.run("fi")
            } else if write.mayBeMissing {
                script.run("if [ -e \(first.file) ]; then")
                Self.write(first.values, to: first.file, indent: "    ", &script)
                script.run("fi")
            } else {
                Self.write(first.values, to: first.file, indent: "", &script)
            }
        }
        for other in written.others {
            script.say(other.why)
            script.cannot(
                other.shell.hasPrefix("bpftool")
                    ? "forbid devices: version 2 asks an eBPF program, which no plain command makes"
                    : "keep this: \(other.why)")
        }
    }

    private static func write(
        _ values: [String], to file: String, indent: String, _ script: inout ShellText
    ) {
        guard values.count > 1 else {
            return script.run("\(indent)echo \((values.first ?? "").shellWord) >\(file)")
        }
        script.run(["\(indent)for value in"] + lines(of: values), indent: indent + "    ")
        script.run("\(indent)do echo \"$value\" >\(file); done")
    }

    /// A path of the own cgroup as a word: all but the variable in it is literal.
    private static func path(_ path: String) -> String {
        var word = "\""
        for character in path.replacing("$name", with: "\u{0}") {
            switch character {
            case "\u{0}": word += "$name"
            case "\"", "\\", "$", "`": word += "\\\(character)"
            default: word.append(character)
            }
        }
        return word + "\""
    }

    /// Inside: the view of the cgroups that the container has.
    func mountCgroups(_ mount: ContainerMount, _ script: inout ShellText) throws(Problem) {
        let target = mount.destination.string.shellWord
        let flags = mount.options.attributeChange.names
        let flagText = (["remount", "bind"] + flags).joined(separator: ",")
        let layout = try ownCgroup().layout
        script.run("directory \(target)")
        if layout.isUnified {
            mountUnified(at: layout.hierarchies[0].mountPoint, flags + mount.options.data, &script)
            script.run("mount -o \(flagText) \"$place\"")
        } else {
            script.run(
                """
                mount -t tmpfs -o nosuid,nodev,noexec,mode=755 cgroup "$place"
                cgroups=$place
                """)
            if hasCgroup { try mountHierarchies(of: layout, flagText, &script) }
            if flags.contains("ro") { script.run("mount -o remount,bind,ro \"$cgroups\"") }
        }
        propagate(mount.options, &script)
    }

    /// A directory for each hierarchy of version 1, and a link for each controller that shares one.
    private func mountHierarchies(
        of layout: CgroupLayout, _ flags: String, _ script: inout ShellText
    ) throws(Problem) {
        script.run(
            """
            for hierarchy in \(try legacyWords()); do
                mkdir "$cgroups/${hierarchy##*/}"
                mount --rbind "$hierarchy$cgroup" "$cgroups/${hierarchy##*/}"
                mount -o \(flags) "$cgroups/${hierarchy##*/}"
            done
            """)
        for hierarchy in layout.hierarchies {
            guard case .controllers(let controllers) = hierarchy.kind, controllers.count > 1,
                let name = hierarchy.mountPoint.lastComponent?.string
            else { continue }
            for controller in controllers where controller.rawValue != name {
                script.run("ln -s \(name.shellWord) \"$cgroups/\(controller.rawValue)\"")
            }
        }
    }

    /// The tree of version 2.
    private func mountUnified(
        at mountPoint: FilePath, _ options: [String], _ script: inout ShellText
    ) {
        guard hasOwn(.cgroup) else {
            // A mount of its own, made in the machine's cgroup namespace, would change the options
            // that the whole tree has.
            return script.run("mount --rbind \(mountPoint.string.shellWord) \"$place\"")
        }
        let words = options.filter { $0 != "ro" }
        let text = words.isEmpty ? "" : " -o \(words.joined(separator: ",").shellWord)"
        if hasUsers || !hasCgroup {
            return script.run("unshare --cgroup mount -t cgroup2\(text) cgroup \"$place\"")
        }
        script.say(
            "The root of what is mounted is the cgroup of who mounts it, in a namespace for that.")
        script.run(
            """
            "$shell" -ec '
                echo 0 >"$1$cgroup/cgroup.procs"
                exec unshare --cgroup mount -t cgroup2\(text) cgroup "$2"' \\
                sh \(mountPoint.string.shellWord) "$place"
            """)
    }

    /// The hierarchies of version 1, of which the container sees each.
    private func legacyWords() throws(Problem) -> String {
        let all = try hierarchies()
        guard all.contains(where: { $0.version == .v2 }) else { return "$hierarchies" }
        return all.filter { $0.version == .v1 }
            .map(\.mountPoint.string.shellWord).joined(separator: " ")
    }

    /// Inside, at last: the process enters its cgroup.
    func enterCgroup(_ script: inout ShellText) throws(Problem) {
        guard try !hierarchies().isEmpty else { return }
        script.part(
            "Into the cgroup",
            "From here on the limits hold. 0 is the process that writes: this shell, which goes on as"
                + " the program.")
        script.run(
            """
            for hierarchy in $hierarchies; do
                echo 0 >"$hierarchy$cgroup/cgroup.procs"
            done
            """)
    }
}
