package import Diagnostics
import Glibc
import Linux
package import OCI
import SystemPackage

extension HostFacts {
    /// Asks the machine what the plan of this container needs to know, and nothing else.
    ///
    /// - Parameters:
    ///   - spec: the container's configuration.
    ///   - process: the program to run in it.
    /// - Returns: what is known of the machine.
    /// - Throws: the kernel's refusal to tell.
    package static func probe(
        for spec: RuntimeSpec, process: RuntimeSpec.Process?
    ) throws(Problem) -> HostFacts {
        try explaining("cannot find out what this machine offers", fix: "mount /proc") {
            () throws(SystemCallError) in
            HostFacts(
                effectiveUserID: geteuid(), effectiveGroupID: getegid(),
                isInInitialUserNamespace: IDMap(parsing: try File.readText("/proc/self/uid_map"))
                    .isIdentity,
                effectiveCapabilities: try ProcessCapabilities(of: 0).effective.rawValue,
                lastCapability: try lastCapabilityOfKernel(),
                kernel: KernelVersion.running,
                cgroups: try CgroupLayout.detect(),
                isAppArmorEnabled: process?.apparmorProfile != nil
                    && SecurityLabels.isAppArmorEnabled,
                isSELinuxEnabled: process?.selinuxLabel != nil && SecurityLabels.isSELinuxEnabled)
        }
    }

    /// The highest number with which the bounding set can be asked (`cap_last_cap`).
    private static func lastCapabilityOfKernel() throws(SystemCallError) -> Int {
        let text = try File.readText("/proc/sys/kernel/cap_last_cap")
        return Int(text.prefix { $0.isNumber }) ?? 40
    }
}

extension KernelVersion {
    /// The version of the running kernel; the system call is `uname(2)`.
    package static var running: KernelVersion {
        var names = utsname()
        uname(&names)
        let release = withUnsafeBytes(of: &names.release) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        let numbers = release.split { !$0.isNumber }.prefix(2).map { Int($0) ?? 0 }
        return KernelVersion(major: numbers.first ?? 0, minor: numbers.dropFirst().first ?? 0)
    }
}
