package import OCI
package import SystemPackage

/// What to pull or push, and how.
package struct TransferRequest: Sendable {
    /// The image as the user wrote it.
    package var reference: String
    /// `os[/architecture[/variant]]`: nil is this machine's for a pull and all for a push.
    package var platform: String?
    /// Whether all tags of the reference's repository are meant.
    package var allTags = false
    /// Whether a pull brings all that an index names.
    package var allPlatforms = false
    /// Whether a push sends all of an index though layers of it are not here.
    package var isWhole = false
    /// Whether a pull returns as soon as containers can use the image, where they can before it has
    /// come whole.
    package var endsEarly = false
    /// Whether a pull tells of manifests and configurations, too.
    var tellsEachPart = false
    /// Whether the registry may speak http, and show any certificate.
    package var isInsecure = false
    /// How a push compresses layers.
    package var encoding = LayerEncoding(.gzip)
    /// The one file with credentials to use (`--authfile`).
    package var authFile: FilePath?
    /// The policy about signatures to use (`--signature-policy`).
    package var signaturePolicy: FilePath?

    package init(_ reference: String) { self.reference = reference }

    /// The arguments of `kade-server` for it.
    func arguments(of command: String, dataRoot: FilePath) -> [String] {
        var arguments = [command, "--root", dataRoot.string]
        if let platform { arguments += ["--platform", platform] }
        if allTags { arguments.append("--all-tags") }
        if allPlatforms { arguments.append("--all-platforms") }
        if isWhole { arguments.append("--whole") }
        if endsEarly { arguments.append("--lazy") }
        if tellsEachPart { arguments.append("--each-part") }
        if command == "push" {
            arguments += encoding.arguments
        }
        if isInsecure { arguments.append("--tls-verify=false") }
        if let authFile { arguments += ["--authfile", authFile.string] }
        if let signaturePolicy { arguments += ["--signature-policy", signaturePolicy.string] }
        return arguments + [reference]
    }
}

extension LayerEncoding {
    /// It as `kade-server` is told.
    var arguments: [String] {
        var arguments = ["--compression", format.rawValue]
        if let level { arguments += ["--compression-level", "\(level)"] }
        if isForced { arguments.append("--force-compression") }
        return arguments
    }
}
