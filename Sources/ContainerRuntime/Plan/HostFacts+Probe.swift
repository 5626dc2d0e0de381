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
            var facts = HostFacts(
                effectiveUserID: geteuid(), effectiveGroupID: getegid(),
                isInInitialUserNamespace: try UserNamespace.isInitial(),
                effectiveCapabilities: try ProcessCapabilities(of: 0).effective.rawValue,
                lastCapability: BoundingSet.lastCapability(),
                kernel: KernelVersion.running,
                cgroups: try CgroupLayout.detect(),
                isAppArmorEnabled: process?.apparmorProfile != nil
                    && SecurityLabels.isAppArmorEnabled,
                isSELinuxEnabled: (process?.selinuxLabel ?? spec.linux?.mountLabel) != nil
                    && SecurityLabels.isSELinuxEnabled,
                resourceControl: spec.linux?.intelRdt == nil
                    ? nil : try ResourceControl.mountPoint())
            if spec.annotations[LandlockPlan.annotation] != nil {
                facts.landlockVersion = try Landlock.version()
            }
            if !facts.isInInitialUserNamespace {
                facts.canSetGroups = try !File.readText("/proc/self/setgroups").hasPrefix("deny")
            }
            return facts
        }
    }
}

extension KernelVersion {
    /// The version of the running kernel; the system call is `uname(2)`.
    package static var running: KernelVersion {
        var names = utsname()
        uname(&names)
        return withUnsafeBytes(of: &names.release) { release in
            var version = KernelVersion(major: 0, minor: 0)
            var dots = 0
            for byte in release where dots < 2 {
                let digit = Int(byte) - Int(UInt8(ascii: "0"))
                switch (0...9).contains(digit) {
                case false: dots += 1
                case true where dots == 0: version.major = version.major * 10 + digit
                case true: version.minor = version.minor * 10 + digit
                }
            }
            return version
        }
    }
}
