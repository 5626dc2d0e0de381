import Diagnostics

/// What `volume ls` and `volume prune` select.
package struct VolumeFilter: Sendable {
    /// `--filter key=value`: dangling, driver, label, label! and name.
    package var conditions: [(key: String, value: String)] = []

    package init() {}
}

/// The filters of volumes, understood.
struct VolumeMatcher {
    private var tests: [String: [(VolumeRecord, Int) -> Bool]] = [:]

    init(_ filter: VolumeFilter) throws(Problem) {
        for (key, value) in filter.conditions {
            tests[key, default: []].append(try Self.test(key, value))
        }
    }

    /// Whether a volume that so many containers have is one of those asked for.
    ///
    /// Values of one key are alternatives (labels are not), keys come together.
    func matches(_ volume: VolumeRecord, links: Int) -> Bool {
        tests.allSatisfy { key, tests in
            key == "label" || key == "label!"
                ? tests.allSatisfy { $0(volume, links) } : tests.contains { $0(volume, links) }
        }
    }

    private static func test(
        _ key: String, _ value: String
    ) throws(Problem) -> (VolumeRecord, Int) -> Bool {
        switch key {
        case "name":
            let pattern = NamePattern(value)
            return { volume, _ in pattern.matches(volume.name) }
        case "driver": return { _, _ in value == "local" }
        case "label":
            let label = LabelPattern(value)
            return { volume, _ in label.matches(volume.labels) }
        case "label!":
            let label = LabelPattern(value)
            return { volume, _ in !label.matches(volume.labels) }
        case "dangling":
            switch value {
            case "true", "1": return { _, links in links == 0 }
            case "false", "0": return { _, links in links > 0 }
            default: break
            }
        default: break
        }
        throw Problem(
            kind: .invalid, what: "invalid filter '\(key)=\(value)'",
            why: "there is no such filter, or the value is none of its",
            fix: "filters are dangling, driver, label and name")
    }
}
