import Diagnostics

/// Commands that Docker, Podman or nerdctl has and this version of Kade has not: refused by name,
/// with the reason and what does it instead.
enum RefusedCommands {
    /// What is told of a command.
    struct Refusal {
        let why: String
        let fix: String
    }

    /// The refusal of a word after `kade`, or after a group's name.
    static func problem(of word: String, in command: String) -> Problem? {
        let words = command.split(separator: " ").dropFirst() + [word[...]]
        guard let refusal = all[words.joined(separator: " ")] else { return nil }
        return Problem(
            kind: .unsupported, what: "cannot use \(command) \(word)", why: refusal.why,
            fix: refusal.fix)
    }

    private static let all: [String: Refusal] = [
        "artifact": Refusal(
            why: "this version of Kade makes no artifacts; it pulls, lists, saves and pushes them",
            fix: "kade pull, save, push and rmi take their names; oras makes them"),
        "buildx": Refusal(
            why: "Kade is one builder, without plug-ins and instances of BuildKit",
            fix: "kade build, kade bake, kade builder prune and kade manifest do what it does"),
        "farm": Refusal(
            why: "this version of Kade builds on this machine alone",
            fix: "kade build --platform emulates others, where qemu-user is installed"),
        "ipfs": Refusal(
            why: "this version of Kade fetches from registries alone",
            fix: "kade registry serve gives this machine's images to others"),
        "trust": Refusal(
            why: "Notary's signatures are no more; this version of Kade makes none of others",
            fix: "cosign sign makes them, and /etc/containers/policy.json has them verified"),
        "builder debug": Refusal(
            why: "this version of Kade has no debugger of builds",
            fix: "kade build --target STAGE, then kade run"),
        "image convert": Refusal(
            why: "this version of Kade converts images on their way",
            fix: "kade push --compression-format estargz|zstd:chunked, or kade save --format"),
        "image decrypt": Refusal(
            why: "this version of Kade does not decrypt images",
            fix: "skopeo copy --decryption-key"),
        "image encrypt": Refusal(
            why: "this version of Kade does not encrypt images", fix: "skopeo copy --encryption-key"
        ),
        "manifest add": Refusal(
            why: "lists are amended by the command that makes them, as with Docker",
            fix: "kade manifest create --amend LIST IMAGE"),
        "manifest exists": Refusal(
            why: "this version of Kade has no such command", fix: "kade manifest inspect LIST"),
        "manifest remove": Refusal(
            why: "this version of Kade takes nothing out of a list",
            fix: "kade manifest rm LIST, then kade manifest create LIST IMAGE..."),
    ]
}
