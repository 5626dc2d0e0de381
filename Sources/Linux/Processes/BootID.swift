import SystemPackage

/// The machine's present boot.
///
/// What was noted under another ID was noted before the machine went down: its processes are gone,
/// and so is what had not been written to the disk. See `random(4)`, `boot_id`.
package enum BootID {
    /// The ID: 36 characters of hexadecimal digits and dashes.
    package static func current() throws(SystemCallError) -> String {
        String(try File.readText("/proc/sys/kernel/random/boot_id").prefix { $0 != "\n" })
    }
}
