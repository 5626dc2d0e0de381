import Diagnostics
import Linux
import OCI
import SystemPackage

/// `proxies` of Docker's `config.json`: variables that containers and builds get from whoever makes
/// them, as with Docker's command line.
enum DockerProxies {
    /// The variables that the user's file says; a file that cannot be read is told of.
    static func variables(in session: Session) throws(Problem) -> [String: String] {
        guard let path = path(in: session.environment) else { return [:] }
        let bytes: [UInt8]
        do throws(SystemCallError) {
            bytes = try File.read(path)
        } catch  where error.errno == .noSuchFileOrDirectory || error.errno == .notDirectory {
            return [:]
        } catch {
            try session.warn("the proxies of \(path) are not used: \(error.errno)")
            return [:]
        }
        do throws(Problem) {
            return try variables(in: bytes, named: path.string)
        } catch {
            try session.warn("the proxies of \(path) are not used: \(error.why)")
            return [:]
        }
    }

    /// The variables that a file's text says, each in upper and lower case.
    static func variables(
        in bytes: [UInt8], named name: String
    ) throws(Problem) -> [String: String] {
        let usual = try JSONValue.parse(bytes, named: name)["proxies"]?["default"]
        var variables: [String: String] = [:]
        for (member, variable) in members {
            guard let value = usual?[member]?.string, !value.isEmpty else { continue }
            variables[variable] = value
            variables[variable.lowercased()] = value
        }
        return variables
    }

    private static let members = [
        "httpProxy": "HTTP_PROXY", "httpsProxy": "HTTPS_PROXY", "noProxy": "NO_PROXY",
        "ftpProxy": "FTP_PROXY", "allProxy": "ALL_PROXY",
    ]

    private static func path(in environment: [String: String]) -> FilePath? {
        if let directory = environment["DOCKER_CONFIG"], !directory.isEmpty {
            return FilePath(directory).appending("config.json")
        }
        guard let home = environment["HOME"], !home.isEmpty else { return nil }
        return FilePath(home).appending(".docker").appending("config.json")
    }
}
