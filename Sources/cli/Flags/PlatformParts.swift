import Diagnostics
import OCI

/// `--os`, `--arch` and `--variant`: `--platform` in parts, as Podman has it.
struct PlatformParts: Equatable {
    var os: String?
    var architecture: String?
    var variant: String?

    static var flags: [Flag<PlatformParts>] {
        [
            .text("arch", nil, "string", "The architecture of --platform", \.architecture),
            .text("os", nil, "string", "The operating system of --platform", \.os),
            .text("variant", nil, "string", "The variant of --platform", \.variant),
        ]
    }

    /// The platform that the parts say, or the one given whole.
    ///
    /// - Throws: when both are given.
    func joined(with platform: String?) throws(Problem) -> String? {
        guard self != PlatformParts() else { return platform }
        guard platform == nil else {
            throw Problem(
                kind: .invalid, what: "conflicting options",
                why: "--platform and --os, --arch or --variant", fix: "use one of them")
        }
        return [os ?? "linux", architecture ?? Platform.host.architecture, variant]
            .compactMap(\.self).joined(separator: "/")
    }
}
