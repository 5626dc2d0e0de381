import Diagnostics
import Linux
import OCI

extension ContainerStatistics {
    /// How long processes waited for a resource (`cpu.pressure`; kernel,
    /// Documentation/accounting/psi.rst); nil where the kernel does not count it.
    static func pressure(
        _ file: String, of controller: CgroupController, _ files: CgroupReadings
    ) throws(Problem) -> JSONValue? {
        guard let text = try files.text(file, controller) else { return nil }
        // Lines of "some avg10=0.00 avg60=0.00 avg300=0.00 total=0".
        var lines: [Substring: Substring] = [:]
        for line in text.split(separator: "\n") {
            let kind = line.prefix { $0 != " " }
            lines[kind] = line.dropFirst(kind.count)
        }
        guard !lines.isEmpty else { return nil }
        return ["some": figures(lines["some"] ?? ""), "full": figures(lines["full"] ?? "")]
    }

    private static func figures(_ text: Substring) -> JSONValue {
        var values: [Substring: Substring] = [:]
        for word in text.split(separator: " ") {
            let pair = word.split(separator: "=")
            if pair.count == 2 { values[pair[0]] = pair[1] }
        }
        var object = JSONObject()
        for name in ["avg10", "avg60", "avg300"] {
            let value = values[Substring(name)].flatMap { Double($0) } ?? 0
            object.append(name, .number(value == 0 ? JSONNumber(0) : JSONNumber(value)))
        }
        object.add("total", values["total"].flatMap { UInt64($0) })
        return .object(object)
    }
}

extension JSONObject {
    /// Adds the member "psi" where there is something to say.
    mutating func add(_ pressure: JSONValue?) {
        if let pressure { append("psi", pressure) }
    }
}
