package import Linux
package import SystemPackage

extension MonitorConfiguration.RootfsMount {
    /// The overlay that it is, or for a directory its one layer.
    package var overlay: OverlayMount {
        OverlayMount(
            lower: lower.map { FilePath($0) }, upper: upper.map { FilePath($0) },
            work: work.map { FilePath($0) })
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
