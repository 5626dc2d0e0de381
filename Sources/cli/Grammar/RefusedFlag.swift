/// A flag that Docker or Podman has and that this version of Kade has not: refused by its name, with
/// the reason or with what to use in its place.
///
/// What several commands refuse alike (``UnsupportedRunFlags``, ``RefusedTransferFlags``), and what is
/// taken with some values, is in the grammars of those commands; here is the rest. No flag is in both.
struct RefusedFlag {
    /// The command as ``canonical(_:)`` calls it.
    let command: String
    let name: String
    let letter: Character?
    let why: String

    var description: FlagDescription {
        FlagDescription(name: name, letter: letter, valueName: nil, help: why, isHidden: true)
    }

    /// The refusal of a flag by its name.
    static func named(_ name: String, of command: String) -> RefusedFlag? {
        let command = canonical(command)
        return all.first { $0.command == command && $0.name == name }
    }

    /// The refusal of a flag by its letter.
    static func called(_ letter: Character, of command: String) -> RefusedFlag? {
        let command = canonical(command)
        return all.first { $0.command == command && $0.letter == letter }
    }

    /// The one name of a command that is typed in several ways: `kade ps` is "container ls".
    static func canonical(_ command: String) -> String {
        var words = command.split(separator: " ").map(String.init)
        if words.first == "kade" { words.removeFirst() }
        if words.count == 1, let own = shortcuts[words[0]] { words = own }
        if words.count == 1 {
            for group in ["container", "image", "system"] {
                let entries = CommandTree.groups.first { $0.name == group }?.entries ?? []
                guard entries.contains(where: { $0.name == words[0] }) else { continue }
                words = [group, words[0]]
                break
            }
        }
        if words.first == "builder" || words.first == "buildx" { words[0] = "image" }
        let other = ["list": "ls", "ps": "ls", "remove": "rm", "umount": "unmount"]
        if words.count == 2, words[0] != "manifest", let name = other[words[1]] { words[1] = name }
        return words.joined(separator: " ")
    }

    private static let shortcuts = [
        "images": ["image", "ls"], "rmi": ["image", "rm"], "ps": ["container", "ls"],
    ]

    static var all: [RefusedFlag] { containers + images + transfers + others }

    private static var containers: [RefusedFlag] {
        let ignore = "a name that is not there is an error: add || true"
        let pods = "this version of Kade has no pods"
        let sort = "order the lines: | sort -k 2"
        let title = "leave the titles out: --format '{{.ID}} {{.Names}}'"
        let limits = "limits of devices are set when a container is made"
        return [
            row(
                "container cleanup", "all/a exec latest/l rm rmi", "monitors tidy up by themselves"),
            row(
                "container clone",
                "blkio-weight-device device-read-bps device-write-bps memory-swappiness",
                "a clone has the other container's; kade create makes one with others"
            ),
            row(
                "container commit", "format/f iidfile include-volumes quiet/q squash/s",
                "an image of Kade has OCI's format, and its ID is printed alone"
            ),
            row(
                "container cp", "overwrite", "a directory replaces no file, and no file a directory"
            ),
            row(
                "container create", "attach/a",
                "streams are chosen with the start: kade start --attach"
            ),
            row("container create", "init-ctr rmi", "it is for pods, and for kade run"),
            row(
                "container create", "preserve-fd preserve-fds",
                "descriptors are those of the command that starts it: kade run"
            ),
            row("container run", "init-ctr", pods),
            row("container diff", "format", "kade diff prints lines: a letter, and the path"),
            row(
                "container exists", "external",
                "Kade sees no containers of other programs' storage"
            ),
            row(
                "container ls", "external", "Kade sees no containers of other programs' storage"
            ),
            row("container ls", "noheading", title), row("container ls", "sort sync", sort),
            row("container ls", "pod/p", pods),
            row("container ls", "ns", "kade explain shows the namespaces of a container"),
            row("container ls", "watch/w", "watch kade ps, or kade events"),
            row(
                "container logs", "color names/n",
                "kade logs shows one container, as it has written"
            ),
            row("container port", "all/a", "kade ps --format '{{.Names}} {{.Ports}}'"),
            row("container restart", "running", "kade restart --filter status=running"),
            row("container rm", "depend", "no container depends on another one"),
            row("container rm", "ignore/i", "kade rm --force is content where nothing is there"),
            row("container rm", "time/t", "kade stop --timeout, and kade rm"),
            row("container start", "sig-proxy", "kade start --attach passes signals on"),
            row("container stats", "interval/i no-reset", "Kade measures once a second"),
            row("container stop", "ignore/i", ignore),
            row(
                "container update",
                "blkio-weight-device device-read-bps device-read-iops device-write-bps"
                    + " device-write-iops memory-swappiness", limits
            ),
            row("container wait", "interval/i", "Kade hears of the end, and looks at no interval"),
            row("container inspect", "type/t", "it is for kade inspect"),
        ].flatMap(\.self)
    }

    private static var images: [RefusedFlag] {
        let title = "leave the titles out: --format '{{.ID}} {{.Repository}}:{{.Tag}}'"
        return [
            row("image diff", "format", "kade image diff prints lines: a letter, and the path"),
            row(
                "image import", "arch os variant quiet/q",
                "kade import --platform OS/ARCHITECTURE[/VARIANT] says all of them"
            ),
            row("image ls", "history", "an image has the names that it has now"),
            row("image ls", "noheading/n", title), row("image ls", "sort", "| sort -k 2"),
            row("image mount", "all/a", "name the images: kade image mount $(kade images -q)"),
            row("image prune", "external", "Kade builds in no containers that could be left"),
            row("image rm", "all/a", "kade image prune --all"),
            row("image rm", "ignore/i", "kade rmi --force is content where nothing is there"),
            row(
                "image save", "compress multi-image-archive/m uncompressed",
                "an archive has all images that are named, and layers as they are in the store"
            ),
            row(
                "image tree", "whatrequires",
                "kade image tree shows the layers, and kade images --tree what has them"
            ),
        ].flatMap(\.self)
    }

    private static var transfers: [RefusedFlag] {
        let login = "log in first: kade login"
        let certificates = "registries' certificates are in /etc/containers/certs.d"
        let insecure = "registries.conf says which registries need no TLS (insecure = true)"
        let signing = "this version of Kade makes no signatures: cosign sign, skopeo copy --sign-by"
        let signers =
            "remove-signatures sign-by sign-by-sigstore-private-key sign-passphrase-file"
        let types = "Kade's manifests have OCI's media types; kade build --output has Docker's"
        return [
            row("image search", "authfile compatible list-tags tls-verify", insecure),
            row("login", "cert-dir tls-verify", insecure),
            row("login", "get-login verbose/v", "see ~/.docker/config.json for who is logged in"),
            row("logout", "all/a", "name the registries, one after the other"),
            row("manifest add", "all", "name the images of the other list by their digests"),
            row("manifest add", "annotation", "Kade's lists have no annotations of images"),
            row("manifest add", "authfile creds", login),
            row("manifest add", "cert-dir", certificates),
            row("manifest add", "features", "the image specification has no such field"),
            row(
                "manifest annotate", "annotation features",
                "this version of Kade annotates platforms alone"
            ),
            row("manifest create", "all", "name the images of the other list by their digests"),
            row("manifest create", "tls-verify", "it is called --insecure here"),
            row("manifest push", "tls-verify", "it is called --insecure here"),
            row("manifest push", "all", "a push of a list sends all of its images"),
            row("manifest push", "rm", "it is called --purge here"),
            row("manifest push", "authfile creds", login),
            row("manifest push", "cert-dir", certificates),
            row("manifest push", signers, signing), row("manifest push", "format/f", types),
            row(
                "manifest push", "compression-format digestfile quiet/q",
                "a list goes as it is, and its digest is the last line"
            ),
        ].flatMap(\.self)
    }

    private static var others: [RefusedFlag] {
        let repair = "kade system check --repair gets again what is damaged"
        return [
            row("system events", "no-trunc", "nothing is cut"),
            row(
                "network connect", "mac-address", "kade run --mac-address, or let the kernel choose"
            ),
            row("network create", "disable-dns", "kade run --dns names other servers"),
            row("network ls", "noheading", "leave the titles out: --format '{{.Name}}'"),
            row("network rm", "time/t", "remove or disconnect its containers first"),
            row("secret create", "driver-opts", "Kade keeps secrets as files of its data root"),
            row("secret ls", "noheading", "leave the titles out: --format '{{.Name}}'"),
            row("secret rm", "all/a", "kade secret rm $(kade secret ls -q)"),
            row(
                "system check", "force/f max/m quick/q repair-lossy",
                "every digest is computed; " + repair
            ),
            row("unshare", "rootless-netns", "a container's network is its own: kade exec"),
            row("volume inspect", "all/a", "kade volume inspect $(kade volume ls -q)"),
            row("volume ls", "noheading", "leave the titles out: --format '{{.Name}}'"),
            row("volume rm", "all/a", "kade volume prune --all"),
            row("volume rm", "time/t", "remove its containers first"),
        ].flatMap(\.self)
    }

    /// One refusal for each name, whose letter stands behind a slash.
    private static func row(_ command: String, _ names: String, _ why: String) -> [RefusedFlag] {
        names.split(separator: " ").map { word in
            let parts = word.split(separator: "/")
            return RefusedFlag(
                command: command, name: String(parts[0]),
                letter: parts.count > 1 ? parts[1].first : nil, why: why)
        }
    }
}
