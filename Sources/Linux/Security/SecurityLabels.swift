import SystemPackage

/// What AppArmor and SELinux confine the next program with.
package enum SecurityLabels {
    /// Confines the program that this process executes next with an AppArmor profile.
    ///
    /// See `apparmor(7)`; `/proc/thread-self/attr/apparmor/exec`, else the older `attr/exec`.
    package static func setAppArmorProfileOnExec(_ name: String) throws(SystemCallError) {
        let text = "exec \(name)"
        do throws(SystemCallError) {
            try File.write(text, into: "/proc/thread-self/attr/apparmor/exec")
        } catch  where error.errno == .noSuchFileOrDirectory {
            try File.write(text, into: "/proc/thread-self/attr/exec")
        }
    }

    /// Gives the program that this process executes next an SELinux label.
    ///
    /// See `selinux(8)`; `/proc/thread-self/attr/exec`.
    package static func setSELinuxLabelOnExec(_ label: String) throws(SystemCallError) {
        try File.write(label, into: "/proc/thread-self/attr/exec")
    }

    /// Gives the keys that this process makes an SELinux label.
    package static func setSELinuxKeyLabel(_ label: String) throws(SystemCallError) {
        try File.write(label, into: "/proc/thread-self/attr/keycreate")
    }

    /// Whether AppArmor is switched on.
    package static var isAppArmorEnabled: Bool {
        // A machine without the module has no such file.
        (try? File.readText("/sys/module/apparmor/parameters/enabled"))?.first == "Y"
    }

    /// Whether SELinux is switched on, known by its mounted file system.
    package static var isSELinuxEnabled: Bool { File.exists("/sys/fs/selinux/enforce") }
}

/// How readily the kernel kills a process when memory runs out.
package enum OutOfMemoryScore {
    /// Sets the adjustment, −1000 (never) to 1000 (first): `/proc/<pid>/oom_score_adj`.
    package static func adjust(
        _ adjustment: Int, ofProcess process: CInt
    ) throws(SystemCallError) {
        let path = FilePath(
            process == 0 ? "/proc/self/oom_score_adj" : "/proc/\(process)/oom_score_adj")
        try File.write("\(adjustment)", into: path)
    }
}
