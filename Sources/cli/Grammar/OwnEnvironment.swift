import Glibc

/// Kade's own environment (environ(7)).
enum OwnEnvironment {
    static func read() -> [String: String] {
        var environment: [String: String] = [:]
        var next = environ
        while let entry = next.pointee {
            let text = String(cString: entry)
            if let sign = text.utf8.firstIndex(of: UInt8(ascii: "=")) {
                let name = String(text[..<sign])
                if environment[name] == nil {
                    environment[name] = String(text[text.utf8.index(after: sign)...])
                }
            }
            next += 1
        }
        return environment
    }
}
