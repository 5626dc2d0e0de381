package import Diagnostics
import OCI

extension SignaturePolicy {
    /// Reads a policy; what it does not know is an error, because it might be meant to protect.
    ///
    /// - Throws: `.invalid` that names the member.
    package init(json bytes: [UInt8], named file: String) throws(Problem) {
        let reader = PolicyReader(file: file)
        let root = try reader.object(
            try JSONValue.parse(bytes, named: file), at: "the policy",
            keys: ["default", "transports"])
        self.file = file
        guard let value = root["default"] else { throw reader.mistake("it has no \"default\"") }
        standard = try reader.requirements(value, at: "default")
        transports = [:]
        guard let value = root["transports"] else { return }
        for transport in try reader.object(value, at: "transports", keys: nil).members {
            let place = "transports.\(transport.name)"
            var scopes: [String: [Requirement]] = [:]
            for scope in try reader.object(transport.value, at: place, keys: nil).members {
                scopes[scope.name] = try reader.requirements(
                    scope.value, at: "\(place).\"\(scope.name)\"")
            }
            transports[transport.name] = scopes
        }
    }
}
