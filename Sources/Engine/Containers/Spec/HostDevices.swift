import ContainerRuntime
import Diagnostics
import Linux
import SystemPackage

extension HostDevice {
    /// Looks at a device node, through symbolic links; nil when the path is none.
    init?(at path: FilePath) throws(Problem) {
        let status: FileStatus
        do throws(SystemCallError) {
            status = try FileStatus(of: path)
        } catch  where error.errno == .noSuchFileOrDirectory || error.errno == .notDirectory {
            return nil
        } catch {
            throw Problem(what: "cannot look at device \(path)", refusal: error)
        }
        guard status.kind == .blockDevice || status.kind == .characterDevice else { return nil }
        self.init(
            path: path.string, isBlock: status.kind == .blockDevice,
            major: Int64(status.device.major), minor: Int64(status.device.minor),
            permissions: UInt32(status.permissions), user: status.owner, group: status.group)
    }

    /// Every device node below `/dev` that is not the runtime's own business.
    static func all() throws(Problem) -> [HostDevice] {
        var devices: [HostDevice] = []
        try collect("/dev", into: &devices)
        return devices
    }

    /// Directories of `/dev` with pseudo terminals, links and mounts, as Docker leaves them out.
    private static let skipped: Set<String> = [
        "pts", "shm", "fd", "mqueue", ".lxc", ".lxd-mounts", ".udev", "console", "ptmx", "null",
        "zero", "full", "random", "urandom", "tty",
    ]

    private static func collect(
        _ directory: FilePath, into devices: inout [HostDevice]
    ) throws(Problem) {
        let entries = try explaining("cannot list \(directory)") {
            () throws(SystemCallError) in try Directory.list(directory)
        }
        for entry in entries {
            if directory == "/dev", skipped.contains(entry.name.string) { continue }
            let path = directory.appending(entry.name)
            switch entry.kind {
            case .directory: try collect(path, into: &devices)
            case .characterDevice, .blockDevice, nil:
                if let device = try HostDevice(at: path) { devices.append(device) }
            default: continue
            }
        }
    }
}
