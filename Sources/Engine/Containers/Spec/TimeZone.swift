import ContainerRuntime
import Diagnostics
import Linux
import SystemPackage

/// The time zone of a container (`--tz`): a file of the host's zone database at `/etc/localtime`.
extension EngineContext {
    /// Refuses a time zone that the host does not have.
    func checkTimezone(of request: ContainerRequest) throws(Problem) {
        guard let name = request.process.timezone else { return }
        _ = try timezone(name)
    }

    /// Writes the zone's file into the bundle and adds its mount, unless something else is there.
    func addTimezone(of record: ContainerRecord, to input: inout SpecInput) throws(Problem) {
        let target = "/etc/localtime"
        guard let name = record.request.process.timezone,
            !input.mounts.contains(where: { $0.target == target })
        else { return }
        let content = try timezone(name)
        let path = configuration.bundle(of: record.id).localtime
        try step(.writeTimezone(name, to: path)) { () throws(Problem) in
            try explaining("cannot write the time zone of \(record.name)") {
                () throws(SystemCallError) in
                try File.create(
                    path, content: content, permissions: FilePermissions(rawValue: 0o644))
            }
        }
        input.mounts.append(
            ResolvedMount(
                target: target, isReadOnly: true,
                source: .bind(path: path.string, propagation: "rprivate", recursion: .enabled)))
    }

    /// The zone's file (tzfile(5)).
    private func timezone(_ name: String) throws(Problem) -> [UInt8] {
        let database: FilePath = "/usr/share/zoneinfo"
        let bytes: [UInt8]
        do throws(SystemCallError) {
            // No name leads out of the database.
            bytes =
                name == "local"
                ? try File.read("/etc/localtime")
                : try RootedDirectory(at: database).open(FilePath(name), .readOnly).readAll()
        } catch {
            throw Problem(
                kind: .invalid, what: "cannot use time zone \(name)",
                why: "finding timezone: \(error)",
                fix: "name one of \(database), such as Europe/Amsterdam, or local", cause: error)
        }
        guard bytes.starts(with: Array("TZif".utf8)) else {
            throw Problem(
                kind: .invalid, what: "cannot use time zone \(name)",
                why: "\(database)/\(name) is no time zone", fix: "name one, or local")
        }
        return bytes
    }
}
