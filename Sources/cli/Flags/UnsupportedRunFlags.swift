/// Flags of `run` that Docker or Podman has, and that this version of Kade knows and refuses.
enum UnsupportedRunFlags {
    static var flags: [Flag<ContainerFlags>] {
        docker + podman + podmanValues + RefusedTransferFlags.run
    }

    private static var docker: [Flag<ContainerFlags>] {
        let realTime = "the kernel's real-time group scheduling is not supported yet"
        let windows = "it is for Windows containers"
        return [
            .unsupported("cpu-rt-period", nil, "int", why: realTime),
            .unsupported("cpu-rt-runtime", nil, "int", why: realTime),
            .unsupported(
                "kernel-memory", nil, "bytes", why: "the kernel has no such limit any more"),
            .allowing(
                "runtime", "kade-runtime",
                "a container's monitor is its runtime, so that Kade has this one alone"),
            .unsupported("use-api-socket", nil, nil, why: "Kade has no API socket yet"),
            .unsupported(
                "disable-content-trust", nil, nil,
                why: "Kade checks digests, and has no Notary signatures to skip"),
            .unsupported(
                "link-local-ip", nil, "list", why: "the kernel gives link-local addresses"),
            .allowing("isolation", "default", windows),
            .unsupported("cpu-count", nil, "int", why: windows),
            .unsupported("cpu-percent", nil, "int", why: windows),
            .unsupported("io-maxbandwidth", nil, "bytes", why: windows),
            .unsupported("io-maxiops", nil, "uint", why: windows),
        ]
    }

    /// Podman's, with the one value that is true of Kade where there is such.
    private static var podman: [Flag<ContainerFlags>] {
        [
            .allowing(
                "cgroups", anyOf: ["enabled", "no-conmon"],
                "containers of Kade have cgroups of their own, wherever they may have one"),
            .allowing("seccomp-policy", "default", "images of Kade bring no seccomp profile"),
            .allowing("systemd", "false", "this version of Kade has no system containers"),
            .allowing(
                "health-log-destination", "local", "results of checks are kept with the container"),
        ]
    }

    private static var podmanValues: [Flag<ContainerFlags>] {
        let pods = "this version of Kade has no pods"
        let startup = "this version of Kade has --health-start-period in place of startup checks"
        let reasons = [
            ("pod", pods), ("pod-id-file", pods),
            ("chrootdirs", "the files of names and name servers are mounted at one place"),
            ("conmon-pidfile", "a monitor is nobody's to signal; --pidfile is the program's"),
            ("shm-size-systemd", "this version of Kade has no system containers"),
            ("health-startup-cmd", startup), ("health-startup-interval", startup),
            ("health-startup-retries", startup), ("health-startup-success", startup),
            ("health-startup-timeout", startup),
            ("health-max-log-count", "Kade keeps the last five results of checks"),
            ("health-max-log-size", "Kade keeps 4096 bytes of each result"),
        ]
        return reasons.map { .unsupported($0.0, nil, "string", why: $0.1) }
    }
}
