import Glibc

/// Kade's own environment (environ(7)).
enum OwnEnvironment {
    static func read() -> [String: String] {
        var environment: [String: String] = [:]
        var next = environ
        while let entry = next.pointee {
            let text = String(cString: entry)
            let name = text.prefix { $0 != "=" }
            if name.endIndex != text.endIndex && environment[String(name)] == nil {
                environment[String(name)] = String(text[name.endIndex...].dropFirst())
            }
            next += 1
        }
        return environment
    }
}
