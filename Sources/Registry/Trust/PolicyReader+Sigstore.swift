import Diagnostics
import OCI

extension PolicyReader {
    /// Reads a requirement of the type `sigstoreSigned`.
    func sigstoreSigned(
        _ value: JSONValue, _ place: String
    ) throws(Problem) -> SignaturePolicy.Requirement {
        let own = ["keyPath", "keyPaths", "keyData", "keyDatas"]
        let log = [
            "rekorPublicKeyPath", "rekorPublicKeyPaths", "rekorPublicKeyData",
            "rekorPublicKeyDatas",
        ]
        let members = try object(
            value, at: place,
            keys: Set(["type", "signedIdentity", "fulcio", "pki"] + own + log))
        let given = (own + ["fulcio", "pki"]).filter { members[$0] != nil }
        guard given.count == 1, let signer = given.first else {
            let names = (own + ["fulcio"]).joined(separator: ", ")
            throw mistake(
                given.isEmpty
                    ? "\(place) has none of \(names) and pki"
                    : "\(place) has \(given.joined(separator: " and ")), of which one may be")
        }
        let rule = SigstoreRule(
            signer: try self.signer(members, signer, own, place),
            logKeys: try keys(members, log, place),
            identity: try identity(members["signedIdentity"], place))
        switch rule.signer {
        case .fulcio where rule.logKeys.isEmpty:
            throw mistake("\(place) has fulcio without a key of Rekor: rekorPublicKeyPath")
        case .pki where !rule.logKeys.isEmpty:
            throw mistake("\(place) has pki, which goes without a key of Rekor")
        default: return .sigstoreSigned(rule)
        }
    }

    private func signer(
        _ members: JSONObject, _ name: String, _ keyNames: [String], _ place: String
    ) throws(Problem) -> SigstoreRule.Signer {
        let own = "\(place).\(name)"
        switch name {
        case "fulcio": return .fulcio(try fulcio(members[name] ?? .null, own))
        case "pki": return .pki(try pki(members[name] ?? .null, own))
        default: return .keys(try keys(members, keyNames, place))
        }
    }

    private func fulcio(
        _ value: JSONValue, _ place: String
    ) throws(Problem) -> SigstoreRule.Fulcio {
        let members = try object(
            value, at: place, keys: ["caPath", "caData", "oidcIssuer", "subjectEmail"])
        guard let issuer = try text(members, "oidcIssuer", place) else {
            throw mistake("\(place) has no \"oidcIssuer\"")
        }
        guard let email = try text(members, "subjectEmail", place) else {
            throw mistake("\(place) has no \"subjectEmail\"")
        }
        return SigstoreRule.Fulcio(
            authorities: try needed(members, ["caPath", "caData"], place), issuer: issuer,
            email: email)
    }

    private func pki(_ value: JSONValue, _ place: String) throws(Problem) -> SigstoreRule.PKI {
        let roots = ["caRootsPath", "caRootsData"]
        let intermediates = ["caIntermediatesPath", "caIntermediatesData"]
        let members = try object(
            value, at: place,
            keys: Set(roots + intermediates + ["subjectEmail", "subjectHostname"]))
        let rule = SigstoreRule.PKI(
            roots: try needed(members, roots, place),
            intermediates: try keys(members, intermediates, place).first,
            email: try text(members, "subjectEmail", place),
            hostname: try text(members, "subjectHostname", place))
        guard rule.email != nil || rule.hostname != nil else {
            throw mistake("\(place) has neither subjectEmail nor subjectHostname")
        }
        return rule
    }

    private func needed(
        _ members: JSONObject, _ names: [String], _ place: String
    ) throws(Problem) -> SignaturePolicy.TrustedKeys {
        guard let keys = try keys(members, names, place).first else {
            throw mistake("\(place) has neither \(names.joined(separator: " nor "))")
        }
        return keys
    }

    /// A member that is a text; nil when it is not there.
    private func text(
        _ members: JSONObject, _ name: String, _ place: String
    ) throws(Problem) -> String? {
        guard let value = members[name] else { return nil }
        guard let text = value.string, !text.isEmpty else {
            throw mistake("\(place).\(name) is no text")
        }
        return text
    }
}
