import Engine

// What a container shares, may do, and has mounted.
extension ContainerFlags {
    static var namespaceFlags: [Flag<ContainerFlags>] {
        [
            .setting(
                "pid", nil, "string", "PID namespace to use: host or container:NAME",
                \.request.namespaces.pid, NamespaceFlags.parsePID),
            .setting(
                "ipc", nil, "string",
                "IPC mode to use: none, private, shareable, host or container:NAME",
                \.request.namespaces.ipc, NamespaceFlags.parseIPC),
            .setting(
                "uts", nil, "string", "UTS namespace to use: host", \.request.namespaces.uts,
                NamespaceFlags.parseUTS),
            .setting(
                "userns", nil, "string",
                "User namespace to use: host, auto, keep-id, nomap or container:NAME",
                \.request.namespaces.user
            ) { $0 },
            .list(
                "uidmap", nil, "list", "Map users of a user namespace (inside:outside:count)",
                \.request.namespaces.userMapping.users),
            .list(
                "gidmap", nil, "list", "Map groups of a user namespace (inside:outside:count)",
                \.request.namespaces.userMapping.groups),
            .setting(
                "subuidname", nil, "string", "Map the users that /etc/subuid gives this name",
                \.request.namespaces.userMapping.subordinateUser
            ) { $0 },
            .setting(
                "subgidname", nil, "string", "Map the groups that /etc/subgid gives this name",
                \.request.namespaces.userMapping.subordinateGroup
            ) { $0 },
            .setting(
                "cgroupns", nil, "string", "Cgroup namespace to use: host or private",
                \.request.namespaces.cgroup, NamespaceFlags.parseCgroup),
            .text("hostname", "h", "string", "Container host name", \.request.network.hostname),
            .text(
                "domainname", nil, "string", "Container NIS domain name",
                \.request.network.domainName),
            .list(
                "add-host", nil, "list", "Add a custom host-to-IP mapping (host:ip)",
                \.request.network.extraHosts, ExtraHostFlag.parse),
        ]
    }

    /// Networks, ports and name servers.
    static var networkFlags: [Flag<ContainerFlags>] {
        NetworkFlags.flags.map { $0.lifted(to: \.networking) } + [
            .switch(
                "publish-all", "P", "Publish all exposed ports to random ports",
                \.request.network.publishesExposed),
            .list("dns", nil, "list", "Set custom DNS servers", \.request.network.nameServers),
            .list(
                "dns-option", nil, "list", "Set DNS options", \.request.network.resolverOptions),
            Flag<ContainerFlags>.list(
                "dns-opt", nil, "list", "", \.request.network.resolverOptions
            ).hidden,
            .list(
                "dns-search", nil, "list", "Set custom DNS search domains",
                \.request.network.searchDomains),
        ]
    }

    static var securityFlags: [Flag<ContainerFlags>] {
        [
            .list(
                "cap-add", nil, "list", "Add Linux capabilities",
                \.request.security.addedCapabilities),
            .list(
                "cap-drop", nil, "list", "Drop Linux capabilities",
                \.request.security.droppedCapabilities),
            .switch(
                "privileged", nil, "Give extended privileges to this container",
                \.request.security.isPrivileged),
            .switch(
                "read-only", nil, "Mount the container's root filesystem as read only",
                \.request.security.isRootfsReadOnly),
            .list(
                "security-opt", nil, "list", "Security Options", \.securityOptions,
                SecurityOption.parse),
            .list(
                "secret", nil, "secret",
                "Give the container a secret: NAME[,type=mount|env,target=,uid=,gid=,mode=]",
                \.request.secrets, SecretFlag.parse),
            .pairs(
                "sysctl", nil, "map", "Sysctl options", \.request.security.sysctls,
                KeyValueFlag.parse),
        ]
    }

    static var storageFlags: [Flag<ContainerFlags>] {
        [
            .list("volume", "v", "list", "Bind mount a volume", \.volumes, VolumeFlag.parse),
            .list(
                "mount", nil, "mount", "Attach a filesystem mount to the container",
                \.request.mounts, MountFlag.parse),
            .list(
                "tmpfs", nil, "list", "Mount a tmpfs directory", \.request.mounts, TmpfsFlag.parse),
            .list(
                "volumes-from", nil, "list",
                "Mount volumes from the specified container(s): NAME[:ro]", \.request.volumesFrom),
            .value(
                "storage-opt", nil, "list",
                "Storage driver options for the container: size=, where the file system has quotas",
                \.request.resources.rootfsSizeInBytes, StorageOptionFlag.parse),
            .text(
                "volume-driver", nil, "string", "Optional volume driver for the container: local",
                \.volumeDriver),
        ]
    }
}

/// `--storage-opt size=10g`.
enum StorageOptionFlag {
    static func parse(_ text: String) throws(InvalidValue) -> Int64 {
        let option = try KeyValueFlag.parse(text)
        guard option.key.lowercased() == "size" else {
            throw InvalidValue("unknown option: \(option.key)", fix: "size is the one there is")
        }
        return try ByteSize.parse(option.value)
    }
}
