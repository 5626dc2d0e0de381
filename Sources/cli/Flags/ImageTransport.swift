import Diagnostics
import SystemPackage

/// Where an image is pulled from or pushed to, with the transport before it as
/// containers-transports(5) has it.
enum ImageTransport {
    /// A registry: a reference without a transport, or `docker://REFERENCE`.
    case registry(String)
    /// An archive or a directory of this machine: `dir:`, `oci:`, `oci-archive:`, `docker-archive:`.
    case file(FilePath)
    /// Docker's daemon: `docker-daemon:NAME`.
    case daemon(String)

    /// Reads an operand.
    ///
    /// - Throws: `.unsupported` for a transport that Kade does not have.
    init(_ text: String) throws(Problem) {
        if text.hasPrefix("docker://") {
            self = .registry(String(text.dropFirst("docker://".count)))
            return
        }
        let parts = text.split(separator: ":", maxSplits: 1).map(String.init)
        guard parts.count == 2 else {
            self = .registry(text)
            return
        }
        if parts[0] == "docker-daemon" {
            self = .daemon(parts[1])
            return
        }
        if let fix = Self.remedy(for: parts[0], parts[1]) {
            throw Problem(
                kind: .unsupported, what: "cannot use \(text)",
                why: "this version of Kade does not have the transport \(parts[0])", fix: fix)
        }
        // "dir:latest" is an image of that name.
        let isPath = parts[1].hasPrefix("/") || parts[1].hasPrefix(".")
        let files = ["dir", "oci", "oci-archive", "docker-archive"]
        self = isPath && files.contains(parts[0]) ? .file(FilePath(parts[1])) : .registry(text)
    }

    private static func remedy(for transport: String, _ name: String) -> String? {
        switch transport {
        case "containers-storage": "podman save \(name) | kade load"
        case "ostree", "sif": "copy it into an archive first: skopeo copy"
        case "tarball": "kade import FILE NAME"
        default: nil
        }
    }
}
