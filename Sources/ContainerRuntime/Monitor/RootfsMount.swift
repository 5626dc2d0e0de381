package import Diagnostics
package import Linux
package import SystemPackage

extension MonitorConfiguration.RootfsMount {
    /// The overlay that it is, or for a directory its one layer.
    package var overlay: OverlayMount {
        OverlayMount(
            lower: lower.map { FilePath($0) }, upper: upper.map { FilePath($0) },
            work: work.map { FilePath($0) })
    }

    /// The mount in words.
    package func explanation(at target: FilePath) -> Explanation {
        if isDirectory {
            return Explanation(
                shell: "mount --rbind \(lower.first ?? "") \(target)",
                why: "the container's files are those of the directory", spec: "--rootfs")
        }
        var options = "lowerdir=\(lower.joined(separator: ":"))"
        if let upper { options += ",upperdir=\(upper)" }
        if let work { options += ",workdir=\(work)" }
        return Explanation(
            shell: "mount -t overlay overlay -o \(options) \(target)",
            why: "the image's layers below the container's own; only monitor and container see it",
            spec: "root.path")
    }

    /// Mounts it.
    package func mount(at target: FilePath) throws(SystemCallError) {
        guard isDirectory, let directory = lower.first else {
            return try overlay.mount(at: target)
        }
        // What is mounted below the directory belongs to the container's files, too.
        try Mount.bind(FilePath(directory), to: target, isRecursive: true)
    }
}
