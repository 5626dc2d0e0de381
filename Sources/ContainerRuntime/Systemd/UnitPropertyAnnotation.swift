import Diagnostics
import Linux

/// Annotations that set a property of the container's unit: `org.systemd.property.NAME`, with a
/// value in GVariant's text form, as runc reads them.
enum UnitPropertyAnnotation {
    private static let prefix = "org.systemd.property."

    /// The properties that annotations ask for, sorted by their names.
    ///
    /// - Throws: when a name or a value is none.
    static func properties(of annotations: [String: String]) throws(Problem) -> [UnitProperty] {
        var properties: [UnitProperty] = []
        for (key, text) in annotations.sorted(by: { $0.key < $1.key }) where key.hasPrefix(prefix) {
            properties.append(try property(key, text))
        }
        return properties
    }

    private static func property(_ key: String, _ text: String) throws(Problem) -> UnitProperty {
        let name = key.dropFirst(prefix.count)
        guard name.utf8.count >= 3, name.allSatisfy({ $0.isASCII && $0.isLetter }) else {
            throw problem(key, "a property's name is at least three letters")
        }
        guard let value = GVariantText.parse(text) else {
            throw problem(key, "\"\(text)\" is no value in GVariant's text form")
        }
        // Documented with seconds, sent with microseconds: TimeoutStopSec is TimeoutStopUSec.
        let stem = name.dropLast(3)
        guard name.hasSuffix("Sec"), stem.last?.isLowercase == true else {
            return UnitProperty(String(name), value)
        }
        guard let microseconds = microseconds(ofSeconds: value) else {
            throw problem(key, "\"\(text)\" is no number of seconds")
        }
        return UnitProperty("\(stem)USec", .uint64(microseconds))
    }

    private static func microseconds(ofSeconds value: DBusValue) -> UInt64? {
        let seconds: Double
        switch value {
        case .byte(let number): seconds = Double(number)
        case .int16(let number): seconds = Double(number)
        case .uint16(let number): seconds = Double(number)
        case .int32(let number): seconds = Double(number)
        case .uint32(let number): seconds = Double(number)
        case .int64(let number): seconds = Double(number)
        case .uint64(let number): seconds = Double(number)
        case .double(let number): seconds = number
        default: return nil
        }
        return UInt64(exactly: (seconds * 1_000_000).rounded())
    }

    private static func problem(_ key: String, _ why: String) -> Problem {
        Problem(
            kind: .invalid, what: "cannot use the annotation \(key)", why: why,
            fix: "for example org.systemd.property.TimeoutStopUSec: uint64 5000000")
    }
}
