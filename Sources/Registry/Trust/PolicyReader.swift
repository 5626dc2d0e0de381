import Diagnostics
import OCI

/// Reads a policy's members strictly.
struct PolicyReader {
    let file: String

    func mistake(_ why: String) -> Problem {
        Problem(
            kind: .invalid, what: "cannot use the policy \(file)", why: why,
            fix: "mend the file: containers-policy.json(5)")
    }

    /// An object with no other members than the known ones, and none twice.
    func object(
        _ value: JSONValue, at place: String, keys: Set<String>?
    ) throws(Problem) -> JSONObject {
        guard let object = value.object else { throw mistake("\(place) is no object") }
        var seen: Set<String> = []
        for member in object.members {
            guard seen.insert(member.name).inserted else {
                throw mistake("\(place) has \"\(member.name)\" twice")
            }
            guard keys?.contains(member.name) != false else {
                throw mistake("\(place) has the unknown member \"\(member.name)\"")
            }
        }
        return object
    }

    func requirements(
        _ value: JSONValue, at place: String
    ) throws(Problem) -> [SignaturePolicy.Requirement] {
        guard let elements = value.array, !elements.isEmpty else {
            throw mistake("\(place) is no list of requirements")
        }
        var requirements: [SignaturePolicy.Requirement] = []
        for (number, element) in elements.enumerated() {
            requirements.append(try requirement(element, at: "\(place)[\(number)]"))
        }
        return requirements
    }

    private func requirement(
        _ value: JSONValue, at place: String
    ) throws(Problem) -> SignaturePolicy.Requirement {
        switch value["type"]?.string {
        case "insecureAcceptAnything":
            _ = try object(value, at: place, keys: ["type"])
            return .insecureAcceptAnything
        case "reject":
            _ = try object(value, at: place, keys: ["type"])
            return .reject
        case "signedBy": return try signedBy(value, place)
        case "sigstoreSigned": return try sigstoreSigned(value, place)
        case "signedBaseLayer":
            let members = try object(value, at: place, keys: ["type", "baseLayerIdentity"])
            _ = try identity(members["baseLayerIdentity"], "\(place).baseLayerIdentity")
            return .unsupported("signedBaseLayer")
        case let type?: throw mistake("\(place) is of the unknown type \"\(type)\"")
        case nil: throw mistake("\(place) has no \"type\"")
        }
    }

    private func signedBy(
        _ value: JSONValue, _ place: String
    ) throws(Problem) -> SignaturePolicy.Requirement {
        let members = try object(
            value, at: place,
            keys: ["type", "keyType", "keyPath", "keyPaths", "keyData", "signedIdentity"])
        switch members["keyType"]?.string {
        case "GPGKeys": break
        case "signedByGPGKeys", "X509Certificates", "signedByX509CAs":
            return .unsupported("the key type \(members["keyType"]?.string ?? "")")
        case let type?: throw mistake("\(place) has the unknown key type \"\(type)\"")
        case nil: throw mistake("\(place) has no \"keyType\"")
        }
        let keys = try keys(members, ["keyPath", "keyPaths", "keyData"], place)
        guard !keys.isEmpty else {
            throw mistake("\(place) has none of keyPath, keyPaths and keyData")
        }
        return .signedBy(keys: keys, identity: try identity(members["signedIdentity"], place))
    }

    /// The keys, or certificates, of the one member that is there.
    func keys(
        _ members: JSONObject, _ names: [String], _ place: String
    ) throws(Problem) -> [SignaturePolicy.TrustedKeys] {
        let given = names.filter { members[$0] != nil }
        guard given.count < 2 else {
            throw mistake("\(place) has \(given.joined(separator: " and ")), of which one may be")
        }
        guard let name = given.first, let value = members[name] else { return [] }
        let isList = name.hasSuffix("Paths") || name.hasSuffix("Datas")
        let texts = isList ? value.array?.map(\.string) : [value.string]
        guard let texts, !texts.isEmpty else { throw mistake("\(place).\(name) is no list") }
        var keys: [SignaturePolicy.TrustedKeys] = []
        for text in texts {
            guard let text, !text.isEmpty else { throw mistake("\(place).\(name) is no text") }
            guard name.hasSuffix("Data") || name.hasSuffix("Datas") else {
                keys.append(.file(text))
                continue
            }
            guard let data = Base64.decode(text) else {
                throw mistake("\(place).\(name) is not in base64")
            }
            keys.append(.data(data))
        }
        return keys
    }

    func identity(
        _ value: JSONValue?, _ place: String
    ) throws(Problem) -> SignedIdentity {
        guard let value else { return .matchRepoDigestOrExact }
        let place = place.hasSuffix("Identity") ? place : "\(place).signedIdentity"
        func text(_ name: String, _ others: Set<String> = []) throws(Problem) -> String {
            let members = try object(value, at: place, keys: others.union(["type", name]))
            guard let text = members[name]?.string, !text.isEmpty else {
                throw mistake("\(place) has no \"\(name)\"")
            }
            return text
        }
        func reference(_ name: String) throws(Problem) -> ImageReference {
            do throws(Problem) {
                return try ImageReference(parsing: try text(name))
            } catch {
                throw mistake("\(place).\(name): \(error.why)")
            }
        }
        switch value["type"]?.string {
        case "matchExact", "matchRepoDigestOrExact", "matchRepository":
            _ = try object(value, at: place, keys: ["type"])
            switch value["type"]?.string {
            case "matchExact": return .matchExact
            case "matchRepository": return .matchRepository
            default: return .matchRepoDigestOrExact
            }
        case "exactReference":
            let exact = try reference("dockerReference")
            guard exact.tag != nil || exact.digest != nil else {
                throw mistake("\(place).dockerReference has neither tag nor digest")
            }
            return .exactReference(exact)
        case "exactRepository": return .exactRepository(try reference("dockerRepository"))
        case "remapIdentity":
            return .remapIdentity(
                prefix: try text("prefix", ["signedPrefix"]),
                signedPrefix: try text("signedPrefix", ["prefix"]))
        case let type?: throw mistake("\(place) is of the unknown type \"\(type)\"")
        case nil: throw mistake("\(place) has no \"type\"")
        }
    }
}
