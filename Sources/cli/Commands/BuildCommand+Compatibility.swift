import Build
import Engine

/// The flags of `podman build` and `buildah build` that Docker does not have, and those that Kade
/// knows and does not have.
extension BuildCommand {
    static var podmanFlags: [Flag<BuildCommand>] {
        [
            .list(
                "build-arg-file", nil, "file", "Read build-time variables from a file",
                \.argumentFiles),
            .list(
                "env", nil, "list", "Set variables in all stages and in the image",
                \.environment, BuildArgumentFlag.parse),
            .list("unsetenv", nil, "list", "Unset variables in the image", \.unsetEnvironment),
            .text(
                "from", nil, "string", "Use this image in place of the first FROM's", \.firstBase),
            .text(
                "ignorefile", nil, "file", "Use this file in place of .dockerignore", \.ignoreFile),
            .text(
                "source-policy-file", nil, "file",
                "What the build may be made of (BuildKit's source policy)", \.sourcePolicyFile),
            .value(
                "timestamp", nil, "int",
                "Seconds since 1970 that all times in the image have at most",
                \.epochInSeconds, NumberValue.parse),
            .switch(
                "rewrite-timestamp", nil,
                "Give files that are later than the image its time (default true)", \.rewritesTimes),
            .switch(
                "omit-history", nil, "Leave the instructions out of the image's history",
                \.omitsHistory),
            .switch(
                "squash-all", nil, "Make one layer of all, the base image's too", \.squashesAll),
            .switch(
                "layers", nil, "Keep a layer for each instruction (default true)", \.keepsLayers),
            .text("os", nil, "string", "Set the image's operating system", \.os),
            .text("arch", nil, "string", "Set the image's architecture", \.architecture),
            .text(
                "variant", nil, "string", "Set the image's variant of the architecture", \.variant),
            Flag.switch("pull-always", nil, "", \.pullsAlways).hidden,
            Flag.switch("pull-never", nil, "", \.pullsNever).hidden,
            .allowing(
                "format", "oci",
                "this version of Kade writes OCI images; push converts where needed"),
            .allowing("skip-unused-stages", "true", "Kade makes the stages that the target needs"),
            .allowing(
                "http-proxy", "true", "Kade hands on the proxies that are given as arguments"),
            .allowing(
                "tls-verify", "true", "Kade verifies certificates; name others in registries.conf"),
            Flag.allowing("disable-compression", "true", "Kade keeps layers as plain archives")
                .called("D"),
            .allowing("identity-label", "false", "Kade adds no label of its own"),
        ]
    }

    static var dockerDefaults: [Flag<BuildCommand>] {
        [
            .allowing("load", "true", "every image that is built is in the store"),
            .allowing("rm", "true", "Kade keeps no container of an instruction"),
            // With it or without, no container is left.
            Flag.switch("force-rm", nil, "", \.removesAlways).hidden,
            .allowing("disable-content-trust", "true", "Kade knows policy.json in place of Notary"),
        ]
    }

    static var unsupportedFlags: [Flag<BuildCommand>] {
        let host = "this version of Kade runs every RUN in namespaces of its own"
        let registry =
            "this version of Kade takes it from the usual files: kade login, registries.conf"
        let store = "a build keeps its image in the store; do it with that"
        let values: [(String, String)] = [
            ("builder", "Kade builds by itself"),
            ("isolation", "Kade builds in its own containers"),
            ("invoke", "this version of Kade has no debugger of builds"),
            ("root", "Kade builds by itself; its own data root is kade --root"),
            ("server-config", "Kade builds by itself"),
            (
                "policy",
                "this version of Kade has no policies in Rego; --source-policy-file has rules"
            ),
            ("print", "it is --call now"),
            ("unsetannotation", "this version of Kade keeps no annotations of base images"),
            ("unsetlabel", "this version of Kade keeps the base image's labels"),
            ("authfile", registry), ("creds", registry), ("cert-dir", registry),
            ("decryption-key", "this version of Kade reads no encrypted images"),
            ("retry", "Kade tries transfers again by itself"),
            ("retry-delay", "Kade tries transfers again by itself"),
            ("sign-by", store), ("manifest", store),
            ("cap-add", host), ("cap-drop", host), ("cgroupns", host), ("device", host),
            ("dns", host), ("dns-option", host), ("dns-search", host), ("group-add", host),
            ("ipc", host), ("pid", host), ("uts", host), ("userns", host),
            ("userns-uid-map", host), ("userns-gid-map", host), ("userns-uid-map-user", host),
            ("userns-gid-map-group", host), ("volume", "use RUN --mount"),
            ("hooks-dir", "this version of Kade has no hooks"),
            ("runtime", "Kade builds with kade-runtime"),
            ("runtime-flag", "Kade builds with kade-runtime"),
            ("security-opt", "this version of Kade runs every RUN with the usual profile"),
            ("cpp-flag", "this version of Kade has no preprocessor for .in files"),
            ("cache-ttl", "kade builder prune --filter until=24h forgets what is older"),
            ("jobs", "Kade makes all stages side by side that do not wait for each other"),
            ("logfile", "redirect standard error"),
            ("os-feature", "this version of Kade has no features of operating systems"),
            ("os-version", "this version of Kade has no versions of operating systems"),
        ]
        let switches: [(String, String)] = [
            ("debug", "this version of Kade has no debugger of builds"),
            ("all-platforms", "this version of Kade builds the platforms that --platform names"),
            ("compress", "the context is not sent anywhere"),
            ("logsplit", "redirect standard error"),
            ("no-hosts", host), ("no-hostname", host),
            ("stdin", "this version of Kade runs every RUN without standard input"),
            ("compat-volumes", "this version of Kade keeps what RUN writes to a VOLUME"),
        ]
        return values.map { .unsupported($0.0, $0.0 == "volume" ? "v" : nil, why: $0.1) }
            + switches.map { .unsupported($0.0, nil, nil, why: $0.1) }
    }
}
