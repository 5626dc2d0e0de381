import Build
import Diagnostics
import OCI

/// `--annotation [TYPE[PLATFORM],…:]KEY=VALUE`; without a type it is the manifest's.
enum AnnotationFlag {
    static func parse(_ text: String) throws(InvalidValue) -> [ImageAnnotation] {
        var places: [(place: ImageAnnotation.Place, platform: Platform?)] = []
        var rest = text
        if let colon = text.firstIndex(of: ":"), try Self.isPlaces(text[..<colon]) {
            for place in text[..<colon].split(separator: ",") {
                places.append((try Self.place(place), try Self.platform(place)))
            }
            rest = String(text[text.index(after: colon)...])
        }
        if places.isEmpty { places = [(.manifest, nil)] }
        let pair = try KeyValueFlag.parse(rest)
        return places.map {
            ImageAnnotation(
                place: $0.place, platform: $0.platform, name: pair.key, value: pair.value)
        }
    }

    /// Whether all words are types: a key may have a colon, too.
    private static func isPlaces(_ text: Substring) throws(InvalidValue) -> Bool {
        let words = text.split(separator: ",").map { $0.prefix { $0 != "[" } }
        if words.contains("index-descriptor") {
            throw .unsupported(
                "this version of Kade has no index-descriptor annotations",
                fix: "manifest, index or manifest-descriptor")
        }
        return !words.isEmpty
            && words.allSatisfy { ImageAnnotation.Place(rawValue: String($0)) != nil }
    }

    private static func place(_ text: Substring) throws(InvalidValue) -> ImageAnnotation.Place {
        let name = String(text.prefix { $0 != "[" })
        guard let place = ImageAnnotation.Place(rawValue: name) else {
            throw InvalidValue("unknown annotation type '\(name)'")
        }
        return place
    }

    private static func platform(_ text: Substring) throws(InvalidValue) -> Platform? {
        guard let start = text.firstIndex(of: "[") else { return nil }
        guard text.hasSuffix("]") else { throw InvalidValue("'\(text)' has no ]") }
        let name = String(text[text.index(after: start)...].dropLast())
        do throws(Problem) {
            return try Platform(parsing: name)
        } catch {
            throw InvalidValue(error.why, fix: error.fix)
        }
    }
}
