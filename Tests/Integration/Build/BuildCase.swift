import Foundation
import Testing

/// One Dockerfile with its context, that several builders build and that all shall build alike.
struct BuildCase: Sendable, CustomTestStringConvertible {
    let name: String
    let dockerfile: String
    /// A shell script that makes the context in the current directory.
    var context = ""
    /// Further arguments of the command line, the same for all builders.
    var arguments: [String] = []
    /// Who builds it alike; the others have known reasons to differ.
    var peers: [Peer] = [.podman, .docker]

    var testDescription: String { name }

    /// A builder to compare with.
    enum Peer: String, Sendable {
        case podman, docker
    }

    /// Makes the directory with the context and the Dockerfile.
    func write(to folder: TemporaryFolder, at path: String) throws {
        try folder.write(dockerfile + "\n", to: "\(path)/Dockerfile")
        try Tool.check("sh", "-ec", "umask 022; cd \"$1\"\n\(context)", "sh", folder.at(path))
    }
}

extension BuildCase {
    /// The root file system that all cases begin with, as the image `base`.
    ///
    /// It has what builders would otherwise leave in it: mount points and the files of a network.
    static let baseArchive = Result { try makeBaseArchive() }

    private static func makeBaseArchive() throws -> String {
        let script = """
            place=$2
            mkdir -p "$place/r"
            tar -C "$place/r" -xf "$1"
            mkdir -p "$place/r/proc" "$place/r/sys" "$place/r/dev" "$place/r/run" "$place/r/var"
            mkdir -p "$place/r/data/sub" "$place/r/usr/lib"
            echo base > "$place/r/data/file"; echo inner > "$place/r/data/sub/inner"
            ln -s data "$place/r/linked"; ln -s usr/lib "$place/r/lib"
            touch "$place/r/etc/hosts" "$place/r/etc/hostname" "$place/r/etc/resolv.conf"
            tar -C "$place/r" -cf "$place/base.tar" .
            rm -r "$place/r"
            """
        let place = SharedFolder.at("base")
        try Tool.check("sh", "-ec", script, "sh", try Kade.busyboxArchive.get(), place)
        return place + "/base.tar"
    }

    /// A shell function that lists a directory tree: kinds, modes, owners, links and contents.
    static let listing = """
        list() (
            cd "$1" || exit
            places='-path ./dev -o -path ./proc -o -path ./sys -o -path ./run -o -path ./bin
                -o -path ./.dockerenv -o -path ./etc/hosts -o -path ./etc/hostname
                -o -path ./etc/resolv.conf -o -path ./etc/mtab'
            find . -mindepth 1 \\( $places \\) -prune -o -printf '%P %y %m %U:%G %l\\n' | LC_ALL=C sort
            find . -mindepth 1 \\( $places \\) -prune -o -type f -links +1 -printf '%P has %n names\\n' \\
                | LC_ALL=C sort
            find . -mindepth 1 \\( $places \\) -prune -o -type f -print0 | LC_ALL=C sort -z \\
                | xargs -0 -r sha256sum
        )

        """
}

/// What a builder made of a case, in words that can be compared.
struct BuildOutcome: Equatable {
    var files: [String]
    var configuration: [String]

    /// What one has and the other has not.
    func differences(from other: BuildOutcome, named peer: String) -> [String] {
        let (own, theirs) = (files + configuration, other.files + other.configuration)
        let (ownSet, theirSet) = (Set(own), Set(theirs))
        return own.filter { !theirSet.contains($0) }.map { "kade alone: \($0)" }
            + theirs.filter { !ownSet.contains($0) }.map { "\(peer) alone: \($0)" }
    }
}

extension BuildOutcome {
    /// Reads the configuration that `image inspect` of any of the tools prints.
    init(listing: String, inspection: String) throws {
        files = listing.split(separator: "\n").map(String.init)
        let json = try JSONSerialization.jsonObject(with: Data(inspection.utf8))
        let image = ((json as? [[String: Any]])?.first ?? json as? [String: Any]) ?? [:]
        let config = image["Config"] as? [String: Any] ?? [:]
        var lines: [String] = []
        for name in ["Env", "Cmd", "Entrypoint", "OnBuild", "Shell"] {
            let list = config[name] as? [String] ?? []
            if !list.isEmpty { lines.append("\(name) \(list)") }
        }
        for name in ["User", "WorkingDir", "StopSignal"] {
            let text = config[name] as? String ?? ""
            // Docker leaves the root out.
            if !text.isEmpty, !(name == "WorkingDir" && text == "/") {
                lines.append("\(name) \(text)")
            }
        }
        for name in ["ExposedPorts", "Volumes"] {
            let set = (config[name] as? [String: Any] ?? [:]).keys.sorted()
            if !set.isEmpty { lines.append("\(name) \(set)") }
        }
        var labels = config["Labels"] as? [String: String] ?? [:]
        labels["io.buildah.version"] = nil
        for (name, value) in labels.sorted(by: { $0.key < $1.key }) {
            lines.append("label \(name)=\(value)")
        }
        if let author = image["Author"] as? String, !author.isEmpty {
            lines.append("Author \(author)")
        }
        configuration = lines
    }
}
