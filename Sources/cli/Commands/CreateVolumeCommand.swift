import Diagnostics
import Engine

/// `kade volume create`: makes a volume.
struct CreateVolumeCommand: Command {
    var volume = NewVolume()
    var labels: [Label] = []

    static let canPlan = true

    static var grammar: Grammar<CreateVolumeCommand> {
        Grammar(
            name: "create", synopsis: "[OPTIONS] [VOLUME]", summary: "Create a volume",
            discussion: """
                The driver is local. Its options type, device and o are what mount(8) mounts: the
                kernel's own words decide, and the file system is mounted when a container needs it,
                where only this container sees it: nothing stays mounted on the host. Two containers
                at a time share one mount. For example:

                  kade volume create -o type=tmpfs -o device=tmpfs -o o=size=64m,uid=1000 scratch
                  kade volume create -o type=nfs -o device=:/srv -o o=addr=10.0.0.2,vers=4 srv
                  kade volume create -o type=none -o device=/srv/www -o o=bind www
                """,
            flags: [
                .setting(
                    "driver", "d", "string", "Specify volume driver name (default \"local\")",
                    \.volume.driver, { (text) throws(InvalidValue) in text }),
                .list("label", "l", "list", "Set metadata for a volume", \.labels, LabelFlag.parse),
                .pairs(
                    "opt", "o", "map", "Set driver specific options", \.volume.options,
                    VolumeOptionFlag.parse),
            ] + VolumeClusterFlags.flags, operands: .atMost(1),
            assign: { $0.volume.name = $1.first })
    }

    func run(in session: Session) throws(Problem) -> ExitCode {
        var volume = volume
        for label in labels { volume.labels[label.key] = label.value }
        let name = try session.engine().volumes.create(volume)
        try session.output.writeLine(name)
        return .success
    }
}

/// `-o NAME=VALUE` of a volume; the value may be empty.
enum VolumeOptionFlag {
    static func parse(_ text: String) throws(InvalidValue) -> Label {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard !parts[0].isEmpty else { throw InvalidValue("invalid option '\(text)'") }
        return Label(key: String(parts[0]), value: parts.count == 2 ? String(parts[1]) : "")
    }
}

/// Docker's flags for volumes of a swarm.
enum VolumeClusterFlags {
    static var flags: [Flag<CreateVolumeCommand>] {
        let why = "it is for the volumes of a swarm, which Kade has none of"
        return [
            "availability", "group", "limit-bytes", "required-bytes", "scope", "secret", "sharing",
            "topology-preferred", "topology-required", "type",
        ].map { .unsupported($0, nil, "string", why: why) }
    }
}
