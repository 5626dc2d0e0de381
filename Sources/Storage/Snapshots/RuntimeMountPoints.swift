/// What a runtime makes in a container's writable layer to mount on.
///
/// Docker keeps these in a layer below. Here they are where they are made, and count neither as the
/// container's changes nor as a part of an image that is made of it.
package enum RuntimeMountPoints {
    /// Their absolute paths.
    package static let paths: Set<String> = [
        "/dev", "/dev/console", "/dev/mqueue", "/dev/pts", "/dev/shm", "/proc", "/sys",
        "/sys/fs", "/sys/fs/cgroup", "/etc/hostname", "/etc/hosts", "/etc/resolv.conf",
        "/sbin/docker-init", "/run/notify",
    ]
}
