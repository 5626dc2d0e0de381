package import Diagnostics
import Linux
import OCI
import SystemPackage

/// Where signatures are kept beside images: containers-registries.d(5).
package struct SignaturePlaces: Sendable, Equatable {
    /// `default-docker`.
    var standard: Place?
    /// `docker`, by scope.
    var scopes: [String: Place] = [:]
    /// Where signatures are when no file says it.
    var fallback: String

    /// What a file says of one scope.
    struct Place: Sendable, Equatable {
        /// The address of the signatures' root: file:// or http(s)://.
        var lookaside: String?
        /// Whether signatures are images of the registry (cosign's form); nil where unsaid.
        var usesAttachments: Bool?
    }

    package init(fallback: String) { self.fallback = fallback }

    /// Reads all `*.yaml` of the user's directory, or where there is none of the system's.
    ///
    /// - Parameters:
    ///   - environment: looks a variable up.
    ///   - isRoot: whether signatures are in the system's place by default, or in the user's.
    /// - Throws: `.invalid` that names file and line.
    package init(environment: (String) -> String?, isRoot: Bool) throws(Problem) {
        let home = environment("HOME").flatMap { $0.isEmpty ? nil : FilePath($0) }
        let own = home?.appending(".config/containers/registries.d")
        let share = home?.appending(".local/share/containers/sigstore").string
        let system = "/var/lib/containers/sigstore"
        self.init(fallback: "file://" + (isRoot ? system : share ?? system))
        let directory = own.flatMap { File.exists($0) ? $0 : nil } ?? "/etc/containers/registries.d"
        let names: [String]
        do throws(SystemCallError) {
            names = try Directory.list(directory).map(\.name.string).filter {
                $0.hasSuffix(".yaml")
            }
        } catch  where error.errno == .noSuchFileOrDirectory {
            return
        } catch {
            throw Problem(
                kind: .denied, what: "cannot read \(directory)", why: "\(error.errno)", cause: error
            )
        }
        for name in names.sorted() {
            let file = directory.appending(name)
            guard let bytes = try CredentialStore.read(file) else { continue }
            try read(bytes, named: file.string)
        }
    }

    /// Adds what a file says; a scope of two files is an error.
    mutating func read(_ bytes: [UInt8], named file: String) throws(Problem) {
        let root = try YAMLMap(parsing: bytes, named: file)
        for entry in root.entries {
            switch entry.key {
            case "default-docker":
                guard standard == nil else { throw root.mistake(entry, "is in another file too") }
                standard = try Self.place(try root.map(entry), file)
            case "docker":
                for scope in try root.map(entry).entries {
                    guard scopes[scope.key] == nil else {
                        throw root.mistake(scope, "is in another file too")
                    }
                    scopes[scope.key] = try Self.place(try root.map(scope), file)
                }
            default: throw root.mistake(entry, "is unknown: docker and default-docker are known")
            }
        }
    }

    /// What holds for an image.
    func place(of reference: ImageReference) -> Place {
        let names = ["\(reference)"] + SignaturePolicy.namespaces(of: reference)
        var place = names.compactMap { scopes[$0] }.first ?? Place()
        place.lookaside = place.lookaside ?? standard?.lookaside ?? fallback
        place.usesAttachments = place.usesAttachments ?? standard?.usesAttachments
        return place
    }

    private static func place(_ map: YAMLMap, _ file: String) throws(Problem) -> Place {
        var place = Place()
        for entry in map.entries {
            switch entry.key {
            case "lookaside", "sigstore": place.lookaside = try map.text(entry)
            case "lookaside-staging", "sigstore-staging": _ = try map.text(entry)  // to write alone
            case "use-sigstore-attachments":
                switch try map.text(entry) {
                case "true": place.usesAttachments = true
                case "false": place.usesAttachments = false
                default: throw map.mistake(entry, "is neither true nor false")
                }
            default: throw map.mistake(entry, "is unknown")
            }
        }
        return place
    }
}
