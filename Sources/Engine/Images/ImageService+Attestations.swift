package import Diagnostics
package import OCI
import Storage

extension ImageService {
    /// What builders attest of an image: in-toto statements beside it in its index, as BuildKit
    /// and Kade put them there.
    ///
    /// - Parameters:
    ///   - name: the image.
    ///   - platform: of which of its platforms; nil is all that are here.
    ///   - types: the kinds of predicates that are wanted; none is all.
    ///   - isWhole: whether the statements themselves are wanted, and not only what they are.
    /// - Returns: one JSON object for each statement.
    /// - Throws: `.notFound` for an image, a platform of it, or a statement that is not here.
    package func attestations(
        of name: String, platform: String?, types: [String], withStatements isWhole: Bool
    ) throws(Problem) -> [JSONValue] {
        let store = try context.imageStore()
        let wanted = try platform.map { text throws(Problem) in try Platform(parsing: text) }
        let found = try store.platformImages(of: try store.entry(named: name)).filter { found in
            wanted.map { $0.runnable.contains(found.image.platform) } ?? true
        }
        guard !found.isEmpty else {
            throw Problem(
                kind: .notFound, what: "cannot tell what is attested of \(name)",
                why: "it is not here for \(platform ?? "any platform")",
                fix: "kade pull --all-platforms \(name)")
        }
        var list: [JSONValue] = []
        for image in found {
            for digest in image.attestations {
                let manifest = try Manifest(
                    json: try store.attested(digest, of: name), named: "\(digest)")
                for layer in manifest.layers {
                    let type = layer.annotations[Self.typeKey] ?? ""
                    guard !type.isEmpty, types.isEmpty || types.contains(type) else { continue }
                    var json: JSONObject = [
                        "PredicateType": .string(type), "Digest": .string("\(layer.digest)"),
                        "Size": .integer(layer.size),
                        "Platform": .string("\(image.image.platform)"),
                        "Image": .string("\(image.image.manifestDigest)"),
                    ]
                    if isWhole {
                        json["Statement"] = try .parse(
                            try store.attested(layer.digest, of: name), named: "\(layer.digest)")
                    }
                    list.append(.object(json))
                }
            }
        }
        return list
    }

    /// The annotation that says what a statement is about.
    private static let typeKey = "in-toto.io/predicate-type"
}

extension ImageStore {
    /// More than a list of an image's packages has.
    private static let statementLimitInBytes = 256 << 20

    /// A manifest or statement about an image, which a pull of one platform does not bring.
    fileprivate func attested(_ digest: Digest, of name: String) throws(Problem) -> [UInt8] {
        let bytes = try content.readIfHere(digest, limitInBytes: Self.statementLimitInBytes)
        guard let bytes else {
            throw Problem(
                kind: .notFound, what: "cannot tell what is attested of \(name)",
                why: "\(digest) is not in the store",
                fix: "kade pull --all-platforms \(name)")
        }
        return bytes
    }
}
