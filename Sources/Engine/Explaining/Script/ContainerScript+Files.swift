import ContainerRuntime
import Diagnostics
import Linux
import Networking
import OCI
import SystemPackage

/// What bind mounts come from that is the container's own: its files in `/etc`, and what its monitor
/// mounts.
extension ContainerScript {
    /// Files of the bundle that the script's container gets copies of.
    var copiedFiles: [FilePath] {
        let written = [bundle.hosts, bundle.resolver, bundle.hostname]
        return spec.mounts.compactMap { mount in
            guard let file = ownFile(of: mount), !written.contains(file) else { return nil }
            return file
        }
    }

    /// The bundle's own file that a mount shows; nil for one of the machine, or of another container.
    private func ownFile(of mount: RuntimeSpec.Mount) -> FilePath? {
        guard let source = mount.source, MountOptions(mount.options).isBind else { return nil }
        let path = bundle.directory.pushing(FilePath(source))
        guard path.removingLastComponent() == bundle.directory else { return nil }
        return path
    }

    /// A bind mount's source as a word of the script.
    func source(of mount: ContainerMount, _ path: FilePath) -> String {
        if path.removingLastComponent() == bundle.directory {
            return "\"$work/files/\(path.lastComponent?.string ?? "")\""
        }
        if path.removingLastComponent() == bundle.mounts {
            return "\"$work/mounts/\(path.lastComponent?.string ?? "")\""
        }
        return path.string.shellWord
    }

    func files(_ script: inout ShellText, _ choices: ScriptChoices) throws(Problem) {
        let shown = Set(spec.mounts.compactMap { ownFile(of: $0) })
        guard !shown.isEmpty else { return }
        script.part(
            "Its own files in /etc",
            "They are bound over those of the image: names of machines, and whom to ask for others."
        )
        if shown.contains(bundle.hosts) {
            writeLines(texts.hosts, to: "hosts", &script) { line in
                let fields = line.split(separator: "\t", maxSplits: 1)
                guard fields.count == 2,
                    let own = choices.addresses.first(where: {
                        "\($0.original.address)" == fields[0]
                    })
                else { return nil }
                return "\"${\(own.variable)%/*}\"" + "\t\(fields[1])".shellWord
            }
        }
        if shown.contains(bundle.hostname) {
            writeLines(try hostname(), to: "hostname", &script) { _ in nil }
        }
        if shown.contains(bundle.resolver) { try writeResolver(&script) }
        for file in copiedFiles {
            let name = file.lastComponent?.string ?? ""
            script.run("cp \(file.string.shellWord) \"$work/files/\(name)\"")
        }
    }

    private func hostname() throws(Problem) -> String {
        try context.hostname(of: record, PeerContainers()) + "\n"
    }

    /// The name server inside of a container is its monitor, which the script's has not.
    private func writeResolver(_ script: inout ShellText) throws(Problem) {
        var file = ResolverFile(texts.resolver)
        let inside = "\(NameServerAddress.inside)"
        guard file.servers == [inside] else {
            return writeLines(texts.resolver, to: "resolv.conf", &script) { _ in nil }
        }
        let asked = setup?.names?.servers ?? []
        file.servers =
            asked.isEmpty
            ? ResolverFile(try context.hostResolver()).servers
                .filter { !NetworkFiles.isLoopback($0) } : asked
        script.say(
            "The first container asks its monitor, at \(inside), which knows the names of other"
                + " containers. Here nobody answers there: those are asked whom it would ask.")
        script.cannot(
            "find other containers by their names: the name server at \(inside) is Kade's")
        writeLines(file.text, to: "resolv.conf", &script) { _ in nil }
    }

    /// Writes a file line by line; `word` says what a line is instead of itself.
    private func writeLines(
        _ text: String, to name: String, _ script: inout ShellText, word: (Substring) -> String?
    ) {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: true)
            .map { word($0) ?? String($0).shellWord }
        guard !lines.isEmpty else { return script.run(": >\"$work/files/\(name)\"") }
        script.run([#"printf '%s\n'"#] + lines + [">\"$work/files/\(name)\""])
    }

    /// Inside: what the monitor would mount for bind mounts to come from.
    func sources(_ script: inout ShellText) {
        guard !sources.isEmpty else { return }
        script.part(
            "What some of its mounts come from",
            "Volumes with options, images and secrets are mounted beside the root first.")
        script.run("mkdir \"$work/mounts\"")
        if sources.contains(where: { if case .secret = $0.kind { true } else { false } }) {
            script.say("A secret is a file that is in memory alone.")
            script.run(
                "mount -t tmpfs -o nosuid,nodev,mode=700,size=256m kade-mounts \"$work/mounts\"")
        }
        for (index, source) in sources.enumerated() { add(source, index, &script) }
    }

    private func add(
        _ source: MonitorConfiguration.Source, _ index: Int, _ script: inout ShellText
    ) {
        let place = "$work/mounts/\(index)"
        let whole = source.subpath == nil ? place : place + ".whole"
        script.space()
        script.say(source.name)
        if case .secret(let secret) = source.kind {
            let owner = outside(OwnerIDs(user: secret.user, group: secret.group))
            script.run(
                "install -o \(owner.user) -g \(owner.group) -m \(String(secret.mode, radix: 8))"
                    + " \(secret.path.shellWord) \"\(place)\"")
            return
        }
        script.run("mkdir \"\(whole)\"")
        switch source.kind {
        case .secret: return
        case .directory(let path): script.run("mount --rbind \(path.shellWord) \"\(whole)\"")
        case .overlay(let mount): overlay(mount, named: "mounts/\(index)", at: whole, &script)
        case .fileSystem(let system):
            let options =
                system.options.isEmpty
                ? "" : " -o \(system.options.joined(separator: ",").shellWord)"
            if system.type == "tmpfs" {
                script.say("It begins empty, and the first container's stays its own.")
            }
            let isBind = MountOptions(system.options).isBind
            script.run(
                "mount\(isBind ? "" : " -t \(system.type.shellWord)")\(options)"
                    + " \(system.device.shellWord) \"\(whole)\"")
        }
        if let subpath = source.subpath {
            script.say("Of it one file or directory, which is looked for below it.")
            script.run("within \"\(whole)\" \(subpath.shellWord)")
            script.run(
                "if [ -d \"$place\" ]; then mkdir \"\(place)\"; else : >\"\(place)\"; fi\n"
                    + "mount --rbind \"$place\" \"\(place)\"")
        }
        if let target = source.filledFrom {
            script.say("Empty, it gets what the image has there.")
            script.run(
                "at \(target.shellWord)\n"
                    + "if [ -d \"\(place)\" ] && [ -d \"$place\" ] && [ -z \"$(ls -A \"\(place)\")\" ]; then"
                    + " cp -a \"$place/.\" \"\(place)/\"; fi")
        }
    }

    /// An overlay of its own on the same layers.
    private func overlay(
        _ mount: MonitorConfiguration.RootfsMount, named name: String, at place: String,
        _ script: inout ShellText
    ) {
        let own = "$work/layers/\(name)"
        nameLayers(of: mount, in: own, &script)
        mountLayers(of: mount, in: own, at: place, &script)
    }

    /// Gives layers short names, and room beside them for what is written.
    func nameLayers(
        of mount: MonitorConfiguration.RootfsMount, in own: String, _ script: inout ShellText
    ) {
        script.run("mkdir -p \"\(own)/lower\" \"\(own)/upper\" \"\(own)/work\"")
        for (number, layer) in mount.lower.enumerated() {
            script.run("ln -s \(layer.shellWord) \"\(own)/lower/\(number + 1)\"")
        }
        for (number, layer) in dataLayers(of: mount).enumerated() {
            script.run("ln -s \(layer.string.shellWord) \"\(own)/lower/data\(number + 1)\"")
        }
    }

    /// Mounts layers that have short names; a single one that nobody writes to as it is.
    func mountLayers(
        of mount: MonitorConfiguration.RootfsMount, in own: String, at place: String,
        _ script: inout ShellText
    ) {
        if hasUsers, mount.hasMappedOwners {
            return mountCopy(of: mount, in: own, at: place, &script)
        }
        let data = dataLayers(of: mount)
        if mount.upper == nil, mount.lower.count == 1, data.isEmpty {
            return script.run(
                "mount --bind \"\(own)/lower/1/.\" \"\(place)\"\n"
                    + "mount -o remount,bind,ro \"\(place)\"")
        }
        var options = mount.lower.indices.map { "\(own)/lower/\($0 + 1)" }.joined(separator: ":")
        options += data.indices.map { "::\(own)/lower/data\($0 + 1)" }.joined()
        if mount.upper != nil { options += ",upperdir=\(own)/upper,workdir=\(own)/work" }
        if hasErofsLayer(mount) { options += ",xino=on" }
        // Root of a user namespace may not write the attributes that overlay uses otherwise.
        if isRootless { options += ",userxattr" }
        script.run("mount -t overlay -o \"lowerdir=\(options)\" overlay \"\(place)\"")
    }

    /// Where the data of layers is that have only names.
    private func dataLayers(of mount: MonitorConfiguration.RootfsMount) -> [FilePath] {
        // What cannot be looked at now: the command itself will say so.
        (try? DataLayer.paths(of: mount.lower.map { FilePath($0) })) ?? []
    }

    /// Whether a layer is a file system of its own, so that files would have several device numbers.
    private func hasErofsLayer(_ mount: MonitorConfiguration.RootfsMount) -> Bool {
        mount.lower.contains { layer in
            // What cannot be looked at now decides nothing: the command itself will say so.
            guard let root = try? OwnedFD.open(FilePath(layer), [.path, .directory]) else {
                return false
            }
            return (try? FileSystemStatus(of: root).type) == FileSystemStatus.erofs
        }
    }
}
