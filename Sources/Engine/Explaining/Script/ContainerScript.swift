import ContainerRuntime
import Diagnostics
import Linux
import Networking
import OCI
import SystemPackage

/// A shell script that builds a container with plain commands, beside the one that Kade runs.
///
/// All of it follows from what the runtime and the monitor were told. What plain commands cannot do
/// stands in the script where it would be done, and is said on standard error when it gets there.
struct ContainerScript {
    let context: EngineContext
    let status: ContainerStatus
    let spec: RuntimeSpec
    /// The file systems of the root, the root first.
    let mounts: [MonitorConfiguration.RootfsMount]
    /// What bind mounts come from that the monitor mounts itself.
    let sources: [MonitorConfiguration.Source]
    /// The devices and ports of networks of its own; nil where it has none.
    let setup: NetworkSetup?
    /// `/etc/hosts` and `/etc/resolv.conf`.
    let texts: EngineContext.NetworkTexts
    /// The maps of an ordinary user's namespace, in which the script runs; nil for root's.
    let ownMaps: UserMaps?

    var record: ContainerRecord { status.record }
    var request: ContainerRequest { record.request }
    var bundle: ContainerBundle { context.configuration.bundle(of: record.id) }
    var linux: RuntimeSpec.Linux { spec.linux ?? RuntimeSpec.Linux() }
    var process: RuntimeSpec.Process { spec.process ?? RuntimeSpec.Process(cwd: "/") }

    /// The spec's namespace of a kind; nil where the machine's is used.
    func namespace(_ kind: RuntimeSpec.Namespace.Kind) -> RuntimeSpec.Namespace? {
        linux.namespaces.first { $0.type == kind }
    }

    /// Whether the container has a namespace of a kind for itself.
    func hasOwn(_ kind: RuntimeSpec.Namespace.Kind) -> Bool {
        namespace(kind).map { $0.path == nil } ?? false
    }

    /// Whether what it mounts can appear on the machine.
    var sharesMounts: Bool {
        linux.rootfsPropagation.map { $0 == .shared || $0 == .rshared } ?? false
    }

    /// Refuses what a script of plain commands would get wrong.
    func check() throws(Problem) {
        func refusal(_ kind: Problem.Kind, _ why: String, _ fix: String?) -> Problem {
            Problem(
                kind: kind, what: "cannot write a script that builds \(record.name)", why: why,
                fix: fix)
        }
        guard namespace(.time) == nil else {
            throw refusal(
                .unsupported, "it has a time namespace, which these scripts do not make", nil)
        }
        guard mounts.allSatisfy({ $0.copy == nil }) else {
            throw refusal(
                .unsupported,
                "its root is a copy of its image's layers, which plain commands cannot merge: its"
                    + " storage driver is vfs", nil)
        }
        guard mounts.allSatisfy(\.arrivals.isEmpty) else {
            throw refusal(
                .conflict, "layers of its image are still on their way",
                "ask again when they have arrived")
        }
        for file in copiedFiles where !File.exists(file) {
            throw refusal(
                .conflict, "there is no \(file) yet, which its first start writes",
                "start it once: kade start \(record.name)")
        }
    }

    /// The whole script.
    func text() throws(Problem) -> String {
        let choices = try ScriptChoices(self)
        var script = ShellText()
        header(&script)
        choices.write(to: &script)
        enterOwnUsers(&script)
        helpers(&script)
        place(&script)
        users(&script)
        layers(&script)
        try files(&script, choices)
        giveFiles(&script)
        if hasCgroup { try cgroup(&script) }
        try network(&script, choices)
        if hasUsers {
            var before = ShellText(after: script.number + 1)
            try self.before(&before)
            script.part(
                "What happens before the user namespace",
                "Parts \(script.number + 2) to \(before.number) are run in a mount namespace of the"
                    + " machine's root, by the process that then enters the others.")
            script.write(before, to: "\"$work/before\"")
        }
        var inside = ShellText(after: script.number + 1)
        try self.inside(&inside)
        script.part(
            "What happens inside of its namespaces",
            "Parts \(script.number + 2) to \(inside.number) are run by the container's first"
                + " process, which ends as the program. They are written to a file first.")
        script.write(inside, to: "\"$work/inside\"")
        start(&script)
        enterRoot(&script)
        publish(&script, choices)
        end(&script)
        return script.text
    }

    private func header(_ script: inout ShellText) {
        script.run("#!/bin/sh")
        script.say(
            "The container \(record.name) (image \(record.image)), built with plain commands and"
                + " without Kade.")
        script.run("#")
        script.say(
            "Made by `kade explain --shell \(record.name)` of what its runtime and its monitor were"
                + " told: config.json, monitor.json and network.json in \(bundle.directory).")
        script.run("#")
        script.say(
            "It makes a container of the same image with the same settings beside the first one,"
                + " with a cgroup, a network namespace, an address and a writable layer of its own."
                + " What it was given of the machine's files, volumes and directories, both share."
                + " However it ends, but for SIGKILL, it takes away what it made. Its exit code is the"
                + " program's.")
        script.run("#")
        script.say(
            "It needs: \(isRootless ? "no root but uidmap (newuidmap)" : "root"), util-linux 2.38"
                + " (unshare, nsenter, setpriv, prlimit, mount, pivot_root), coreutils"
                + (isInUsers ? ", hostname" : "") + (hasUsers ? ", tar" : "")
                + (setup?.pasta == nil ? "" : ", passt (pasta)")
                + (setup == nil && !hasOwn(.network) ? "" : ", iproute2")
                + (setup?.ports.isEmpty == false && setup?.pasta == nil ? ", nftables" : "") + ".")
        script.say(
            "What plain commands cannot do, it says on standard error: lines with \"cannot\"."
                + " Logs, restarts and health checks are a monitor's work, and not here.")
        script.space()
        script.run("set -eu")
    }

    private func helpers(_ script: inout ShellText) {
        script.space()
        script.say("Says what plain commands cannot do.")
        script.run(#"cannot() { printf '%s: cannot %s\n' "$name" "$*" >&2; }"#)
        script.space()
        script.say("Remembers how something is undone. At the end the last one comes first.")
        script.run(
            """
            undo=
            later() { undo="$1
            $undo"; }
            trap 'status=$?; trap - EXIT; set +e; eval "$undo"; exit "$status"' EXIT
            trap 'exit 129' HUP; trap 'exit 130' INT; trap 'exit 143' TERM
            """)
        guard !isRootless else { return }
        script.space()
        script.run(
            """
            [ "$(id -u)" = 0 ] || { echo "$name: only root may do this" >&2; exit 1; }
            shell=$(command -v dash || command -v sh)
            """)
    }

    private func place(_ script: inout ShellText) {
        script.part(
            "A place to work", "Everything that it writes on this machine's disk is in here.")
        script.run(
            """
            umask 022
            work=$(mktemp -d "${TMPDIR:-/tmp}/$name.XXXXXX")
            later 'rm -rf --one-file-system "$work"'
            """)
        if sharesMounts || record.imageID == HostImage.name {
            script.say(
                record.imageID == HostImage.name
                    ? "It is a file system of its own: a layer cannot lie on what is below it."
                    : "It is a mount of its own that is not shared, so that the container's mounts"
                        + " do not appear on the machine, except where that was asked for.")
            script.run(
                record.imageID == HostImage.name
                    ? "mount -t tmpfs -o mode=700 \"$name\" \"$work\""
                    : "mount --bind \"$work\" \"$work\"")
            script.run("mount --make-private \"$work\"\nlater 'umount --lazy \"$work\"'")
        }
        script.run(
            """
            root=$work/root     # the container's root, before it is one
            mkdir "$root" "$work/files"
            mkfifo "$work/ready" "$work/go"
            export name shell work root
            """)
    }

    /// The layers, each under a short name: the kernel takes 4,096 bytes of options.
    private func layers(_ script: inout ShellText) {
        guard mounts.contains(where: { !$0.isDirectory }) else { return }
        script.part(
            "The image's layers, and a writable one",
            "The layers are read, by many containers. Short names for them, the uppermost is 1, and"
                + " beside them what this container writes. What the first container has written is"
                + " not in it: that would be its upper layer, on top of these.")
        for (index, mount) in mounts.enumerated() where !mount.isDirectory {
            let place = "$work/\(index)"
            nameLayers(of: mount, in: place, &script)
            if hasUsers, mount.hasMappedOwners { continue }
            // An overlay's root has the owner and mode of its uppermost layer.
            for command in ["chown", "chmod"] {
                script.run("\(command) --reference=\"\(place)/lower/1/.\" \"\(place)/upper\"")
            }
        }
    }
}
