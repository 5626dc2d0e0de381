package import SystemPackage

/// The kernel's file system of processor cache and memory bandwidth (kernel,
/// Documentation/filesystems/resctrl.rst).
package enum ResourceControl {
    /// Where resctrl is mounted: its usual place, else the first in the mount table.
    ///
    /// - Returns: nil where it is not mounted.
    package static func mountPoint() throws(SystemCallError) -> FilePath? {
        do throws(SystemCallError) {
            let usual = try OwnedFD.open("/sys/fs/resctrl", [.path])
            // RDTGROUP_SUPER_MAGIC
            if try FileSystemStatus(of: usual).type == 0x0765_5821 { return "/sys/fs/resctrl" }
        } catch  where error.errno == .noSuchFileOrDirectory {
            return nil  // a kernel without it
        }
        for line in try File.readText("/proc/self/mountinfo").split(separator: "\n") {
            let fields = line.split(separator: " ")
            guard let dash = fields.firstIndex(of: "-"), dash > 4, fields.count > dash + 1,
                fields[dash + 1] == "resctrl"
            else { continue }
            return FilePath(String(fields[4]))
        }
        return nil
    }
}
