import Diagnostics
import Engine
import OCI

// Until the engine has them.
extension ContainerService {
    func inspect(_ name: String) throws(Problem) -> JSONValue { throw gap() }
}
extension ImageService {
    func inspect(_ name: String) throws(Problem) -> JSONValue { throw gap() }
}
extension SystemService {
    func information() throws(Problem) -> JSONValue { throw gap() }
}
private func gap() -> Problem {
    Problem(kind: .unsupported, what: "cannot inspect", why: "the engine does not offer it yet")
}
