import Engine

/// Sizes and times for people, as Docker writes them (github.com/docker/go-units).
enum HumanUnits {
    /// `7.8MB`: decimal units, `digits` significant digits, trailing zeros cut.
    static func size(_ bytes: Int64, digits: Int) -> String {
        let units = ["B", "kB", "MB", "GB", "TB", "PB", "EB"]
        var value = Double(bytes)
        var unit = 0
        while value >= 1000 && unit < units.count - 1 {
            value /= 1000
            unit += 1
        }
        return significant(value, digits: digits) + units[unit]
    }

    /// `7.8MiB`: binary units, as memory and `--memory` have them.
    static func binarySize(_ bytes: Int64) -> String {
        let units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"]
        var value = Double(bytes)
        var unit = 0
        while value >= 1024 && unit < units.count - 1 {
            value /= 1024
            unit += 1
        }
        return significant(value, digits: 4) + units[unit]
    }

    /// `2 hours ago`, or nothing for a time that is not known.
    static func ago(_ time: Timestamp?, now: Timestamp) -> String {
        guard let time else { return "N/A" }
        return "\(elapsedText(from: time, to: now)) ago"
    }

    /// A number with so many significant digits and no zeros behind the point (C's `%.4g`).
    static func significant(_ value: Double, digits: Int) -> String {
        var places = digits - 1
        var bound = 10.0
        while bound <= value && places > 0 {
            places -= 1
            bound *= 10
        }
        var scale = 1.0
        for _ in 0..<places { scale *= 10 }
        let rounded = (value * scale).rounded(.toNearestOrEven)
        let whole = Int64(rounded) / Int64(scale)
        var fraction = String(Int64(rounded) % Int64(scale))
        guard places > 0 else { return "\(whole)" }
        fraction = String(repeating: "0", count: places - fraction.count) + fraction
        while fraction.last == "0" { fraction.removeLast() }
        return fraction.isEmpty ? "\(whole)" : "\(whole).\(fraction)"
    }
}
