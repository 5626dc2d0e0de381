package import Diagnostics
import OCI
package import SystemPackage

extension RegistryHost {
    /// Reads a file `hosts.toml`: the hosts in its order, and what it calls the server last.
    ///
    /// Keys that Kade does not know belong to other tools and are passed over, as they do it.
    ///
    /// - Parameters:
    ///   - bytes: the text.
    ///   - file: where it is; paths in it may be relative to its directory.
    /// - Returns: at least one host.
    /// - Throws: `.invalid` that names file and line.
    package static func read(
        _ bytes: [UInt8], from file: FilePath
    ) throws(Problem) -> [RegistryHost] {
        let root = TOMLFields(
            table: try TOMLReader.parse(bytes, named: file.string), file: file.string)
        var hosts: [RegistryHost] = []
        if let tables = try root.table("host") {
            for entry in tables.table.entries {
                guard let fields = try tables.table(entry.key) else { continue }
                let isOverriding = try fields.bool("override_path")
                let place = try Place(entry.key, isOverriding, tables, entry.key)
                hosts.append(try host(place, fields, in: file))
            }
        }
        let server = try root.string("server") ?? ""
        let isOverriding = try root.bool("override_path")
        let place =
            server.isEmpty ? nil : try Place(server, isOverriding, root, "server")
        var last = try host(place, root, in: file)
        // Without an address there is only the registry itself, which may do all.
        if place == nil { last.capabilities = Set(Capability.allCases) }
        return hosts + [last]
    }

    /// Where a host is.
    private struct Place {
        var address: WebAddress
        var apiPath: String

        init(
            _ text: String, _ isOverriding: Bool, _ fields: TOMLFields, _ key: String
        ) throws(Problem) {
            let whole = text.contains("://") ? text : "https://" + text
            guard var address = WebAddress(whole), !address.target.contains("?") else {
                throw fields.problem(key, "\"\(text)\" is no http address")
            }
            var path = address.target
            while path.hasSuffix("/") { path.removeLast() }
            if !isOverriding, !path.hasSuffix("/v2") { path += "/v2" }
            address.target = "/"
            self.address = address
            apiPath = path
        }
    }

    private static func host(
        _ place: Place?, _ fields: TOMLFields, in file: FilePath
    ) throws(Problem) -> RegistryHost {
        let folder = file.removingLastComponent()
        var host = RegistryHost(file: file.string)
        host.address = place?.address
        host.apiPath = place?.apiPath ?? "/v2"
        if let names = try fields.strings("capabilities"), !names.isEmpty {
            host.capabilities = []
            for name in names {
                guard let capability = Capability(rawValue: name.lowercased()) else {
                    throw fields.problem(
                        "capabilities", "\"\(name)\" is neither pull, resolve nor push")
                }
                host.capabilities.insert(capability)
            }
        }
        host.authorities = try fields.texts("ca").map { folder.pushing(FilePath($0)) }
        host.identity = try identity(fields, in: folder)
        if fields.table["skip_verify"] != nil {
            host.skipsVerification = try fields.bool("skip_verify")
        }
        if let headers = try fields.table("header") {
            for entry in headers.table.entries {
                host.headers += try headers.texts(entry.key).map {
                    Header(name: entry.key, value: $0)
                }
            }
        }
        if let text = try fields.string("dial_timeout"), !text.isEmpty {
            guard let time = GoDuration.nanoseconds(text), time > 0 else {
                throw fields.problem("dial_timeout", "\"\(text)\" is no time like 5s")
            }
            host.dialTimeoutInNanoseconds = time
        }
        return host
    }

    /// `client`: one file with both, a list of such, or a list of pairs.
    private static func identity(
        _ fields: TOMLFields, in folder: FilePath
    ) throws(Problem) -> CertificateFiles.Identity? {
        var pairs: [[String]] = []
        switch fields.table["client"] {
        case nil: return nil
        case .string(let file): pairs = [[file, file]]
        case .array(let elements):
            for element in elements {
                let table = fields.with("client", element)
                let files = try table.texts("client")
                switch (element, files.count) {
                case (.string, _): pairs.append([files[0], files[0]])
                case (_, 2): pairs.append(files)
                default: throw fields.problem("client", "a pair is a certificate and its key")
                }
            }
        default: throw fields.problem("client", "\"client\" has to be a file or a list of pairs")
        }
        guard pairs.count <= 1 else {
            throw fields.problem(
                "client", "Kade shows one client certificate, and \(pairs.count) are there")
        }
        guard let pair = pairs.first else { return nil }
        return CertificateFiles.Identity(
            certificate: folder.pushing(FilePath(pair[0])), key: folder.pushing(FilePath(pair[1])))
    }
}

extension TOMLFields {
    /// A text, or a list of them.
    fileprivate func texts(_ key: String) throws(Problem) -> [String] {
        if case .string(let text)? = table[key] { return [text] }
        return try strings(key) ?? []
    }

    /// The fields with another value of a key.
    fileprivate func with(_ key: String, _ value: TOMLValue) -> TOMLFields {
        var table = table
        table.set(key, value, line: table.line(of: key))
        return TOMLFields(table: table, file: file)
    }
}
