import Engine

/// `--tmpfs PATH[:OPTIONS]`: a tmpfs with options of mount(8).
enum TmpfsFlag {
    static func parse(_ text: String) throws(InvalidValue) -> MountRequest {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        try MountTarget.check(String(parts[0]))
        var tmpfs = TmpfsRequest()
        var isReadOnly = false
        for option in parts.count == 2 ? parts[1].split(separator: ",") : [] {
            let pair = option.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            switch (pair[0], pair.count == 2 ? String(pair[1]) : nil) {
            case ("ro", nil): isReadOnly = true
            case ("rw", nil): isReadOnly = false
            case ("size", let value?) where !value.hasSuffix("%"):
                tmpfs.sizeInBytes = try ByteSize.parse(value)
            case ("mode", let value?):
                guard let mode = UInt32(value, radix: 8), mode <= 0o7777 else {
                    throw InvalidValue("invalid tmpfs mode '\(value)'", fix: "octal, as 1777")
                }
                tmpfs.mode = mode
            case (let name, _):
                guard known.contains(String(name)) else {
                    throw InvalidValue("invalid tmpfs option [\"\(option)\"]")
                }
                tmpfs.options.append(String(option))
            }
        }
        return MountRequest(
            kind: .tmpfs(tmpfs), target: String(parts[0]), isReadOnly: isReadOnly)
    }

    /// The further options that Docker lets through (moby, volume/mounts and pkg/mount).
    private static let known: Set<String> = [
        "atime", "defaults", "dev", "diratime", "dirsync", "exec", "gid", "mpol", "noatime",
        "nodev", "nodiratime", "noexec", "norelatime", "nostrictatime", "nosuid", "nr_blocks",
        "nr_inodes", "private", "relatime", "rprivate", "rshared", "rslave", "shared", "size",
        "slave", "strictatime", "suid", "sync", "uid", "unbindable", "runbindable",
    ]
}
