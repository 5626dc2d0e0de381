/// What a directory tree looks like, as text to be compared.
enum TreeListing {
    /// A shell script that lists the tree `$1`: names, kinds, modes, owners, sizes, times, links,
    /// attributes that images keep, and content.
    ///
    /// Sockets are passed over, which no archive holds, and what is incidental: the sizes and times
    /// of directories.
    static let script = """
        cd "$1" && find . ! -path . ! -type s -printf '%p %y %m %U %G %s %T@ %l\\n' |
        awk '$2 == "d" { $6 = ""; $7 = "" } $2 == "b" || $2 == "c" { $6 = "" } { print }' | sort
        find . -type f -print0 | sort -z | xargs -0 sha256sum
        python3 - <<'END'
        import os
        for directory, _, files in sorted(os.walk(b".")):
            for path in [directory] + sorted(os.path.join(directory, name) for name in files):
                for name in sorted(os.listxattr(path, follow_symlinks=False)):
                    if "overlay" not in name and not name.startswith("trusted."):
                        print(path, name, os.getxattr(path, name, follow_symlinks=False))
        END
        """

    /// The tree's listing.
    static func text(of path: String) throws -> String {
        try Tool.check("sh", "-ec", script, "sh", path)
    }

    /// The listing of what an archive holds, unpacked by GNU tar.
    static func text(ofArchive path: String) throws -> String {
        let folder = try TemporaryFolder()
        try Tool.check(
            "tar", "-C", folder.path, "--xattrs", "--xattrs-include=*", "-xpf", path)
        return try text(of: folder.path)
    }
}
