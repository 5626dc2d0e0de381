import Diagnostics
import OCI

/// The filter of a container that asks for none: Docker's default profile.
///
/// - Parameter capabilities: the container's bounding set: "CAP_CHOWN".
/// - Returns: the specification's section.
func defaultSeccompProfile(_ capabilities: [String]) -> RuntimeSpec.Seccomp? {
    SeccompProfile.standard.resolved(for: .here(capabilities: capabilities))
}

/// The filter of `--security-opt seccomp=FILE`.
///
/// - Parameters:
///   - json: the profile in Docker's format.
///   - capabilities: the container's bounding set: "CAP_CHOWN".
/// - Returns: the specification's section; nil for an empty profile, which is no filter.
/// - Throws: `.invalid` for what is no profile.
func customSeccompProfile(
    _ json: String, _ capabilities: [String]
) throws(Problem) -> RuntimeSpec.Seccomp? {
    let profile = try SeccompProfile.read(json, named: "the seccomp profile")
    return profile?.resolved(for: .here(capabilities: capabilities))
}
