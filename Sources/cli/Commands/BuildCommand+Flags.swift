import Engine

/// The flags of `build`, as Docker has them.
extension BuildCommand {
    static var imageFlags: [Flag<BuildCommand>] {
        [
            .list("tag", "t", "list", "Name and optionally a tag (format: \"name:tag\")", \.tags),
            .list("label", nil, "list", "Set metadata for an image", \.labels, LabelFlag.parse),
            .list(
                "annotation", nil, "list",
                "Add a remark to the image's manifest (format: \"[TYPE[PLATFORM]:]key=value\")",
                \.annotations, AnnotationFlag.parse),
            .switch("squash", nil, "Make one layer of those that the build makes", \.squashes),
            .text("target", nil, "string", "Set the target build stage to build", \.target),
            .list(
                "platform", nil, "list",
                "Set platform, as os[/architecture[/variant]]; several make an index",
                \.platforms),
            .text("iidfile", nil, "string", "Write the image ID to a file", \.idFile),
            .text(
                "metadata-file", nil, "string", "Write build result metadata to a file",
                \.metadataFile),
            .list(
                "output", "o", "list",
                "Output destination (format: \"type=image|registry|local|tar|oci|docker,dest=path\")",
                \.outputs, BuildOutput.parse),
            .switch("push", nil, "Push the image under all of its names", \.pushes),
            .choice(
                "provenance", nil, "Attest what the image was made of (true, mode=min, mode=max)",
                \.provenance, ProvenanceFlag.parse),
            .choice(
                "sbom", nil, "Attest the packages of dpkg and apk that the image has",
                \.listsPackages, PackageListFlag.parse),
            .list(
                "attest", nil, "list",
                "Attestations (format: \"type=provenance,mode=max\", \"type=sbom\")",
                \.attestations, AttestationFlag.parse),
        ]
    }

    static var inputFlags: [Flag<BuildCommand>] {
        [
            .text(
                "file", "f", "string", "Name of the Dockerfile (default \"PATH/Dockerfile\")",
                \.dockerfile),
            .list(
                "build-arg", nil, "list", "Set build-time variables", \.arguments,
                BuildArgumentFlag.parse),
            .list(
                "build-context", nil, "list",
                "Additional build contexts (e.g. name=path, name=docker-image://alpine)",
                \.contexts, BuildContextFlag.parse),
            .switch("no-cache", nil, "Do not use cache when building the image", \.isWithoutCache),
            .list(
                "cache-from", nil, "list",
                "Take in the cache of another machine (format: \"type=registry,ref=NAME\", "
                    + "\"type=local,src=DIRECTORY\")", \.cacheSources, BuildCacheFlag.parseSource),
            .list(
                "cache-to", nil, "list",
                "Send the cache to where other machines find it (format: \"type=registry,ref=NAME\", "
                    + "\"type=local,dest=DIRECTORY\", \"type=inline\"; mode=max for all stages)",
                \.cacheTargets, BuildCacheFlag.parseTarget),
            .list(
                "no-cache-filter", nil, "stage", "Do not use cache for these stages",
                \.uncachedStages, StageListFlag.parse),
            .choice(
                "pull", nil, "Always attempt to pull all referenced images", \.pull,
                BasePullFlag.parse),
            .list(
                "secret", nil, "list",
                "Secret to expose to the build (format: \"id=mysecret,src=/local/secret\")",
                \.secrets, BuildSecretFlag.parse),
            .list(
                "ssh", nil, "list",
                "SSH agent socket or keys to expose to the build "
                    + "(format: \"default|<id>=<socket>|<id>=<key>[,<key>]\")",
                \.agents, BuildAgentFlag.parse),
            .list(
                "allow", nil, "list",
                "Allow the Dockerfile more (\"network.host\", \"security.insecure\")",
                \.entitlements, BuildEntitlementFlag.parse),
            .setting(
                "network", nil, "string",
                "Set the network of the RUN instructions: default, none, host or a name",
                \.network, BuildNetworkFlag.parse),
            .list(
                "add-host", nil, "list", "Add a custom host-to-IP mapping (format: \"host:ip\")",
                \.extraHosts, ExtraHostFlag.parse),
        ]
    }

    static var displayFlags: [Flag<BuildCommand>] {
        [
            .switch(
                "quiet", "q", "Suppress the build output and print image ID on success", \.isQuiet),
            .setting(
                "progress", nil, "string",
                "Set type of progress output (\"auto\", \"plain\", \"tty\", \"quiet\")", \.progress,
                BuildProgress.parse),
            .switch("check", nil, "Look the Dockerfile through and build nothing", \.onlyChecks),
            .setting(
                "call", nil, "string",
                "What to do: \"build\", \"check\", \"outline\", \"targets\" or "
                    + "\"subrequests.describe\" (all but build with \",format=json\", too)", \.call,
                BuildCall.parse),
            .switch(
                "why", nil, "Say for each step why it was, or was not, taken from the cache",
                \.explainsWhy),
        ]
    }

    static var limitFlags: [Flag<BuildCommand>] {
        [
            .value(
                "memory", "m", "bytes", "Memory limit", \.resources.memoryInBytes, ByteSize.parse),
            .value(
                "memory-swap", nil, "bytes",
                "Swap limit equal to memory plus swap: '-1' to enable unlimited swap",
                \.resources.memoryAndSwapInBytes, ByteSize.parseOrUnlimited),
            .value(
                "cpu-period", nil, "int", "Limit the CPU CFS (Completely Fair Scheduler) period",
                \.resources.cpuPeriodInMicroseconds, NumberValue.parse),
            .value(
                "cpu-quota", nil, "int", "Limit the CPU CFS (Completely Fair Scheduler) quota",
                \.resources.cpuQuotaInMicroseconds, NumberValue.parse),
            .value(
                "cpu-shares", "c", "int", "CPU shares (relative weight)", \.resources.cpuShares,
                NumberValue.parse),
            .text(
                "cpuset-cpus", nil, "string", "CPUs in which to allow execution (0-3, 0,1)",
                \.resources.cpusetCPUs),
            .text(
                "cpuset-mems", nil, "string", "MEMs in which to allow execution (0-3, 0,1)",
                \.resources.cpusetMemoryNodes),
            .value(
                "shm-size", nil, "bytes", "Size of \"/dev/shm\"", \.resources.shmSizeInBytes,
                ByteSize.parse),
            .list(
                "ulimit", nil, "ulimit", "Ulimit options", \.resources.limits, UlimitFlag.parse),
            .text(
                "cgroup-parent", nil, "string", "Set the parent cgroup for the RUN instructions",
                \.resources.cgroupParent),
        ]
    }
}
