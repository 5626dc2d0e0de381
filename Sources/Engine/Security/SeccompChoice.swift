import Diagnostics
import OCI

func defaultSeccompProfile(_ capabilities: [String]) -> RuntimeSpec.Seccomp? { nil }

func customSeccompProfile(
    _ json: String, _ capabilities: [String]
) throws(Problem) -> RuntimeSpec.Seccomp? {
    throw Problem(kind: .unsupported, what: "cannot use a seccomp profile", why: "not yet")
}
