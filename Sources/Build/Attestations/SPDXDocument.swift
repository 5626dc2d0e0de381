import OCI

/// The packages of an image as a document of SPDX 2.3.
struct SPDXDocument {
    static let type = "https://spdx.dev/Document"

    private let packages: InstalledPackages
    private let image: Descriptor
    private let created: String

    init(_ packages: InstalledPackages, of image: Descriptor, created: String) {
        self.packages = packages
        self.image = image
        self.created = created
    }

    var json: JSONValue {
        let document = "SPDXRef-DOCUMENT"
        var listed: [JSONValue] = []
        var relationships: [JSONValue] = []
        for package in packages.all {
            let id = "SPDXRef-Package-\(package.kind.rawValue)-" + Self.identifier(package)
            listed.append(json(of: package, id: id))
            relationships.append([
                "spdxElementId": .string(document), "relationshipType": "DESCRIBES",
                "relatedSpdxElement": .string(id),
            ])
        }
        return [
            "spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": .string(document),
            "name": .string("\(image.digest)"),
            "documentNamespace": .string("urn:kade:sbom:\(image.digest)"),
            "creationInfo": ["created": .string(created), "creators": ["Tool: kade"]],
            "packages": .array(listed), "relationships": .array(relationships),
        ]
    }

    private func json(of package: InstalledPackages.Package, id: String) -> JSONValue {
        [
            "name": .string(package.name), "SPDXID": .string(id),
            "versionInfo": .string(package.version),
            "downloadLocation": "NOASSERTION", "filesAnalyzed": false,
            "licenseConcluded": "NOASSERTION",
            "licenseDeclared": .string(package.license ?? "NOASSERTION"),
            "copyrightText": "NOASSERTION",
            "externalRefs": [
                [
                    "referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl",
                    "referenceLocator": .string(address(of: package)),
                ]
            ],
        ]
    }

    /// Such as `pkg:deb/debian/libc6@2.36-9?arch=amd64&distro=debian-12`.
    private func address(of package: InstalledPackages.Package) -> String {
        let usual = package.kind == .deb ? "debian" : "alpine"
        let distribution = packages.distribution ?? usual
        var text = "pkg:\(package.kind.rawValue)/\(PackageAddress.escaped(distribution))/"
        text += PackageAddress.escaped(package.name) + "@" + PackageAddress.escaped(package.version)
        var qualifiers = ["arch=\(PackageAddress.escaped(package.architecture))"]
        if let release = packages.release {
            qualifiers.append("distro=\(PackageAddress.escaped("\(distribution)-\(release)"))")
        }
        return text + "?" + qualifiers.joined(separator: "&")
    }

    /// Letters, digits, dots and dashes are all that SPDX's identifiers may have.
    private static func identifier(_ package: InstalledPackages.Package) -> String {
        "\(package.name)-\(package.version)-\(package.architecture)".utf8.map { byte in
            Byte.isLetter(byte) || Byte.isDigit(byte) || byte == UInt8(ascii: ".")
                ? [byte].text : "-"
        }.joined()
    }
}
