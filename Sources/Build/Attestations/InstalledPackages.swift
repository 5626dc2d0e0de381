import Diagnostics
import Engine
import Linux
import OCI
import Storage
import SystemPackage

/// The packages that the package managers of an image know.
struct InstalledPackages: Equatable {
    var all: [Package] = []
    /// `ID` and `VERSION_ID` of os-release: `debian`, `12`.
    var distribution: String?
    var release: String?

    struct Package: Hashable {
        var kind: Kind
        var name: String
        var version: String
        var architecture: String
        var license: String?

        /// Whose package it is, by the word of package-url.
        enum Kind: String {
            case deb, apk
        }
    }

    /// Takes in a database of dpkg: paragraphs of `Name: value`; only what is installed counts.
    mutating func add(dpkg text: String) {
        for fields in Self.paragraphs(text) {
            let isInstalled = fields["Status"].map { $0.hasSuffix(" installed") } ?? true
            guard isInstalled, let name = fields["Package"], let version = fields["Version"] else {
                continue
            }
            add(
                Package(
                    kind: .deb, name: name, version: version,
                    architecture: fields["Architecture"] ?? "all"))
        }
    }

    /// Takes in a database of apk: paragraphs of `P:name`.
    mutating func add(apk text: String) {
        for fields in Self.paragraphs(text) {
            guard let name = fields["P"], let version = fields["V"] else { continue }
            add(
                Package(
                    kind: .apk, name: name, version: version,
                    architecture: fields["A"] ?? "noarch", license: fields["L"]))
        }
    }

    /// Takes in what os-release says.
    mutating func add(osRelease text: String) {
        for line in text.split(separator: "\n") {
            let parts = line.split(separator: "=", maxSplits: 1)
            guard parts.count == 2 else { continue }
            let value = String(parts[1].drop { $0 == "\"" }.prefix { $0 != "\"" })
            switch parts[0] {
            case "ID": distribution = value
            case "VERSION_ID": release = value
            default: continue
            }
        }
    }

    private mutating func add(_ package: Package) {
        if !all.contains(package) { all.append(package) }
    }

    private static func paragraphs(_ text: String) -> [[String: String]] {
        var paragraphs: [[String: String]] = [[:]]
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.isEmpty {
                paragraphs.append([:])
            } else if line.first != " ", let colon = line.firstIndex(of: ":") {
                let value = line[line.index(after: colon)...].drop { $0 == " " }
                paragraphs[paragraphs.count - 1][String(line[..<colon])] = String(value)
            }
        }
        return paragraphs.filter { !$0.isEmpty }
    }
}

extension StepService {
    /// Reads the databases of package managers in layers.
    ///
    /// - Throws: `.unsupported` where one is there that Kade does not read: a list without its
    ///   packages would say that there are none.
    func installedPackages(in layers: [Digest]) throws(Problem) -> InstalledPackages {
        let tree = SourceTree(
            root: try begin(on: layers).openLower(), ignored: .none, keepsOwners: true,
            name: "the image")
        var packages = InstalledPackages()
        for path in ["etc/os-release", "usr/lib/os-release"] where packages.distribution == nil {
            if let text = try tree.text(path) { packages.add(osRelease: text) }
        }
        if let text = try tree.text("var/lib/dpkg/status") { packages.add(dpkg: text) }
        // Images without dpkg itself have a file for each package.
        let directory = "var/lib/dpkg/status.d"
        for name in try tree.names(in: directory) where !name.hasSuffix(".md5sums") {
            if let text = try tree.text("\(directory)/\(name)") { packages.add(dpkg: text) }
        }
        for path in ["lib/apk/db/installed", "usr/lib/apk/db/installed"] {
            if let text = try tree.text(path) { packages.add(apk: text) }
        }
        for directory in ["var/lib/rpm", "usr/lib/sysimage/rpm"] {
            let databases = ["rpmdb.sqlite", "Packages.db", "Packages"]
            guard try tree.names(in: directory).contains(where: databases.contains) else {
                continue
            }
            throw Problem(
                kind: .unsupported, what: "cannot list the packages of the image",
                why: "/\(directory) has a database of rpm, and this version of Kade reads those of"
                    + " dpkg and apk",
                fix: "leave --sbom out, and attach the list of another program")
        }
        packages.all.sort { ($0.name, $0.version) < ($1.name, $1.version) }
        return packages
    }
}
