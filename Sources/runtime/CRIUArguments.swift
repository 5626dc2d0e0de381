import ContainerRuntime
import Diagnostics
import SystemPackage

/// The options that `checkpoint` and `restore` share.
enum CRIUArguments {
    static let names: [OptionName] = [
        .value("image-path"), .value("work-path"), .flag("tcp-established"), .flag("ext-unix-sk"),
        .flag("shell-job"), .flag("lazy-pages"), .flag("file-locks"), .flag("auto-dedup"),
        .value("manage-cgroups-mode"), .value("empty-ns"),
    ]

    static func settings(
        _ parsed: ParsedArguments, _ global: GlobalOptions
    ) throws(Problem) -> CRIUSettings {
        var settings = CRIUSettings(
            program: global.criu, images: FilePath(parsed.value("image-path") ?? "checkpoint"),
            work: parsed.value("work-path").map { FilePath($0) })
        settings.flags.keepsConnections = try parsed.has("tcp-established")
        settings.flags.allowsExternalSockets = try parsed.has("ext-unix-sk")
        settings.flags.isShellJob = try parsed.has("shell-job")
        settings.flags.isLazy = try parsed.has("lazy-pages")
        settings.flags.keepsFileLocks = try parsed.has("file-locks")
        settings.flags.deduplicates = try parsed.has("auto-dedup")
        switch parsed.value("manage-cgroups-mode") ?? "soft" {
        case "soft": settings.cgroupMode = .soft
        case "full": settings.cgroupMode = .full
        case "strict": settings.cgroupMode = .strict
        case "ignore": settings.cgroupMode = .ignore
        case let other:
            throw Problem(
                kind: .invalid, what: "invalid value \"\(other)\" for flag --manage-cgroups-mode",
                why: "it is soft, full, strict or ignore")
        }
        // The contents of network namespaces are never kept; of others CRIU keeps them always.
        for name in parsed.values("empty-ns") where name != "network" {
            throw Problem(
                kind: .unsupported, what: "invalid value \"\(name)\" for flag --empty-ns",
                why: "namespace \"\(name)\" is not supported", fix: "use network")
        }
        return settings
    }
}
