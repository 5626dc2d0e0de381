import SystemPackage

/// The modules that confine programs by labels.
package enum SecurityLabels {
    /// Whether AppArmor is switched on.
    package static var isAppArmorEnabled: Bool {
        // A machine without the module has no such file.
        (try? File.readText("/sys/module/apparmor/parameters/enabled"))?.first == "Y"
    }

    /// Whether SELinux is switched on, known by its mounted file system.
    package static var isSELinuxEnabled: Bool { File.exists("/sys/fs/selinux/enforce") }
}
