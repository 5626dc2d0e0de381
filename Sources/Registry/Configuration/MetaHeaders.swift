import Diagnostics
import OCI
import SystemPackage

extension CredentialStore {
    /// `HttpHeaders` of Docker's `config.json` that are for registries.
    ///
    /// Docker's command line sends all of them to its daemon, which hands on those that begin with
    /// `X-Meta-`.
    func metaHeaders() throws(Problem) -> [(name: String, value: String)] {
        // Who names another file wants nothing of this one.
        guard let place = ownFile, place.style == .docker, let bytes = try Self.read(place.path)
        else { return [] }
        return try Self.metaHeaders(in: bytes, named: place.path.string)
    }

    /// What a file's text says.
    static func metaHeaders(
        in bytes: [UInt8], named name: String
    ) throws(Problem) -> [(name: String, value: String)] {
        let members = try JSONValue.parse(bytes, named: name)["HttpHeaders"]?.object?.members ?? []
        return members.compactMap { member in
            guard member.name.lowercased().hasPrefix("x-meta-"), let value = member.value.string
            else { return nil }
            return (member.name, value)
        }
    }
}
