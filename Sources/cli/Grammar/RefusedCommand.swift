import Diagnostics

/// A command that Docker or Podman has and this version of Kade has not: refused with the reason,
/// and with what to use in its place.
struct RefusedCommand {
    /// The words after `kade`; what follows them is refused with them: "pod" is "pod create", too.
    let words: String
    let why: String
    let fix: String

    /// The refusal of a command line, where it begins with such a command.
    static func problem(of words: [String]) -> Problem? {
        let found = all.first { refused in
            let own = refused.words.split(separator: " ")
            return words.count >= own.count && zip(words, own).allSatisfy { $0 == $1 }
        }
        return found.map { refused in
            Problem(
                kind: .unsupported, what: "cannot run 'kade \(refused.words)'", why: refused.why,
                fix: refused.fix)
        }
    }

    static var all: [RefusedCommand] {
        containers + images + builds + pods + machines + swarms + plugins
    }

    private static var containers: [RefusedCommand] {
        let checkpoint =
            "this version of Kade freezes bundles of its runtime to disk, and no"
            + " containers of its engine"
        let bundles = "kade-runtime checkpoint and restore (kade-runtime(8)), or kade pause"
        let start = "the runtime makes a container when it starts, and not before"
        let mounted = "a container's root file system is mounted where its monitor alone sees it"
        let look = "kade cp, kade diff or kade export; of one that runs, /proc/PID/root"
        let volume = "the files of a volume are in a directory of the data root"
        let unit = "kade run --restart always, which the unit kade-restart starts at boot"
        return [
            .init("checkpoint", checkpoint, bundles),
            .init("container checkpoint", checkpoint, bundles),
            .init("container restore", checkpoint, bundles),
            .init("init", start, "kade create, and kade start"),
            .init("container init", start, "kade create, and kade start"),
            .init("mount", mounted, look), .init("container mount", mounted, look),
            .init("unmount", mounted, look), .init("container unmount", mounted, look),
            .init("umount", mounted, look), .init("container umount", mounted, look),
            .init(
                "container runlabel", "Kade runs no command that an image brings in a label",
                "kade image inspect shows the labels: read the command, and run it yourself"),
            .init(
                "auto-update", "this version of Kade does not look for newer images by itself",
                "kade run --pull newer --replace --name NAME"),
            .init("generate systemd", "this version of Kade writes no units of systemd", unit),
            .init(
                "generate spec", "what a container was asked for has no form of its own",
                "kade inspect, or kade explain --json"),
            .init("quadlet", "this version of Kade reads no units of Quadlet", unit),
            .init("volume mount", volume, "kade volume inspect -f '{{.Mountpoint}}'"),
            .init("volume umount", volume, "kade volume inspect -f '{{.Mountpoint}}'"),
            .init("volume unmount", volume, "kade volume inspect -f '{{.Mountpoint}}'"),
            .init(
                "volume reload", "Kade has no volume plugins that could be asked",
                "kade volume ls, which shows what there is"),
            .init(
                "volume rename", "containers know their volumes by name",
                "kade volume create NEW, and kade volume export OLD | kade volume import NEW -"),
        ]
    }

    private static var images: [RefusedCommand] {
        let signing = "this version of Kade verifies signatures and makes none"
        let sign = "cosign sign, or skopeo copy --sign-by"
        let policy = "this version of Kade obeys policy.json and does not edit it"
        let edit = "edit /etc/containers/policy.json (containers-policy.json(5))"
        return [
            .init("image sign", signing, sign), .init("trust sign", signing, sign),
            .init("image trust", policy, edit), .init("trust", policy, edit),
            .init(
                "image scp", "this version of Kade opens no connection of ssh by itself",
                "kade save IMAGE | ssh HOST kade load"),
            .init(
                "artifact", "this version of Kade has no commands of their own for artifacts",
                "kade pull, kade push and kade save, which take them as images"),
            .init(
                "image convert", "this version of Kade converts images on their way",
                "kade push --compression-format estargz|zstd:chunked, or kade save --format"),
            .init(
                "image decrypt", "this version of Kade does not decrypt images",
                "skopeo copy --decryption-key"),
            .init(
                "image encrypt", "this version of Kade does not encrypt images",
                "skopeo copy --encryption-key"),
            .init(
                "ipfs", "this version of Kade fetches from registries alone",
                "kade registry serve, which gives this machine's images to others"),
        ]
    }

    private static var builds: [RefusedCommand] {
        let builders = "Kade builds in its own process, and has no builders to choose from"
        let build = "kade build, whose flags are those of docker buildx build"
        let records = "a build is over with its command, and is not recorded"
        let common: [RefusedCommand] = ["builder", "buildx"].flatMap { group in
            ["create", "inspect", "ls", "rm", "stop", "use"].map {
                .init("\(group) \($0)", builders, build)
            } + [
                .init(
                    "\(group) du", "what builds keep is shown with all else",
                    "kade system df --verbose"),
                .init("\(group) dial-stdio", builders, build),
                .init(
                    "\(group) debug", "this version of Kade stops no build at an instruction",
                    "kade build --target of the stage before, and kade run of what it makes"),
                .init("\(group) history", records, "kade build --why, and --metadata-file"),
                .init(
                    "\(group) imagetools", "lists of images have commands of their own",
                    "kade manifest inspect, create and push"),
                .init("\(group) version", "the builder is a part of Kade", "kade version"),
            ]
        }
        return common + [
            .init(
                "farm", "Kade builds on this machine alone",
                "kade build --platform, which emulates other processors")
        ]
    }

    private static var pods: [RefusedCommand] {
        let pod = "this version of Kade has no pods"
        let share = "kade run --network container:NAME (--ipc, --pid), which shares namespaces"
        let kube = "this version of Kade neither reads nor writes manifests of Kubernetes"
        let single = "kade run, for each container"
        return [
            .init("pod", pod, share), .init("kube", kube, single), .init("play", kube, single),
            .init("generate", kube, "kade inspect, or kade explain --json"),
            .init(
                "compose", "this version of Kade starts no services of compose files",
                "kade bake, which builds their images, and kade run"),
        ]
    }

    private static var machines: [RefusedCommand] {
        let remote = "Kade has no daemon to connect to: it works on this machine"
        let there = "ssh HOST kade; for other images and containers here, kade --root and --runroot"
        let server = "this version of Kade has no API"
        return [
            .init("context", remote, there), .init("system connection", remote, there),
            .init("system dial-stdio", server, "ssh HOST kade"),
            .init("system service", server, "the command line"),
            .init(
                "system migrate", "containers of an older version go on with the newer one",
                "go on: there is nothing to do"),
            .init(
                "system renumber", "Kade has no locks with numbers",
                "go on: there is nothing to do"),
            .init(
                "machine", "containers of Kade have this machine's kernel",
                "install Kade in a virtual machine"),
        ]
    }

    private static var swarms: [RefusedCommand] {
        let swarm = "Kade is for one machine, and has no swarm"
        return [
            .init("config", swarm, "kade secret create, or kade run -v FILE:PATH:ro"),
            .init("node", swarm, "kade info, about this machine"),
            .init("service", swarm, "kade run --restart always"),
            .init("stack", swarm, "kade run --restart always, for each service"),
            .init("swarm", swarm, "kade run --restart always"),
        ]
    }

    private static var plugins: [RefusedCommand] {
        [
            .init(
                "plugin", "Kade has no plugins of Docker's kind",
                "for networks, those of CNI: files in /etc/cni/net.d")
        ]
    }

    private init(_ words: String, _ why: String, _ fix: String) {
        self.words = words
        self.why = why
        self.fix = fix
    }
}
