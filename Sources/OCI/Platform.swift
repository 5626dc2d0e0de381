package import Diagnostics

/// What an image runs on: operating system, processor and the processor's variant.
///
/// image-spec, image-index.md § platform. Spellings are normalised, so that two platforms are equal
/// when they mean the same: "aarch64" and "arm64/v8" are "arm64".
package struct Platform: Sendable, Hashable {
    /// The operating system in Go's words: "linux".
    package let os: String
    /// The processor in Go's words: "amd64".
    package let architecture: String
    /// The variant: "v7" of arm, "v3" of amd64; nil is the architecture's usual one.
    package let variant: String?
    /// The operating system's version, which only Windows images have.
    package let osVersion: String?
    /// What the operating system must be able to do: "win32k".
    package let osFeatures: [String]

    package init(
        os: String, architecture: String, variant: String? = nil, osVersion: String? = nil,
        osFeatures: [String] = []
    ) {
        let normalised = Self.normalise(
            architecture: architecture.lowercased(), variant: variant?.lowercased())
        self.os = os.lowercased() == "macos" ? "darwin" : os.lowercased()
        self.architecture = normalised.architecture
        self.variant = normalised.variant
        self.osVersion = osVersion
        self.osFeatures = osFeatures
    }

    /// Reads what `--platform` takes: "linux/arm64", "linux/arm/v7", "arm64", "linux".
    ///
    /// - Parameter text: the platform; what it leaves out is this machine's.
    /// - Throws: `.invalid` when the text is no platform.
    package init(parsing text: String) throws(Problem) {
        let parts = text.lowercased().split(separator: "/", omittingEmptySubsequences: false)
            .map(String.init)
        guard parts.count <= 3, parts.allSatisfy(Self.isWord) else {
            throw Self.problem(text, "it is not of the form os/architecture/variant")
        }
        switch parts.count {
        case 1 where Self.operatingSystems.contains(parts[0]):
            self.init(os: parts[0], architecture: Self.host.architecture)
        case 1:
            self.init(os: Self.host.os, architecture: parts[0])
            guard Self.architectures.contains(architecture) else {
                throw Self.problem(text, "it is neither an operating system nor a processor")
            }
        case 2: self.init(os: parts[0], architecture: parts[1])
        default: self.init(os: parts[0], architecture: parts[1], variant: parts[2])
        }
    }

    /// The platform that this program was compiled for.
    package static var host: Platform {
        #if arch(x86_64)
            Platform(os: "linux", architecture: "amd64")
        #elseif arch(arm64)
            Platform(os: "linux", architecture: "arm64")
        #else
            #error("Kade does not know this processor")
        #endif
    }

    /// The platforms whose images run on this one, the best first.
    package var runnable: [Platform] {
        switch (architecture, variant) {
        case ("arm", let variant):
            return Self.armVariants(downFrom: variant ?? "v7").map(with(architecture: "arm"))
        case ("arm64", let variant):
            let own = variant == nil ? [self] : [self, with(architecture: "arm64")(nil)]
            return own + Self.armVariants(downFrom: "v8").map(with(architecture: "arm"))
        case ("amd64", let variant):
            let level = variant.flatMap { Int($0.dropFirst()) } ?? 1
            let better = stride(from: level, to: 1, by: -1).map { "v\($0)" }
            return better.map(with(architecture: "amd64"))
                + [with(architecture: "amd64")(nil), with(architecture: "386")(nil)]
        default: return [self]
        }
    }

    private func with(architecture: String) -> (String?) -> Platform {
        { Platform(os: os, architecture: architecture, variant: $0) }
    }

    private static func armVariants(downFrom variant: String) -> [String] {
        let level = Int(variant.dropFirst()) ?? 7
        return level < 5 ? [variant] : stride(from: level, through: 5, by: -1).map { "v\($0)" }
    }

    private static func isWord(_ text: String) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                    UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."):
                    true
                default: false
                }
            }
    }

    private static func problem(_ text: String, _ why: String) -> Problem {
        Problem(
            kind: .invalid, what: "cannot use \"\(text)\" as a platform", why: why,
            fix: "write it as linux/amd64 or linux/arm/v7")
    }
}

extension Platform {
    private struct Processor {
        var architecture: String
        var variant: String?
    }

    private static func normalise(architecture: String, variant: String?) -> Processor {
        let variant = variant.flatMap { text -> String? in
            guard let first = text.utf8.first else { return nil }
            return UInt8(ascii: "0")...UInt8(ascii: "9") ~= first ? "v\(text)" : text
        }
        switch architecture {
        case "x86_64", "x86-64", "amd64":
            return Processor(architecture: "amd64", variant: variant == "v1" ? nil : variant)
        case "aarch64", "arm64":
            return Processor(
                architecture: "arm64", variant: variant == "v8" || variant == "v8.0" ? nil : variant
            )
        case "armhf": return Processor(architecture: "arm", variant: "v7")
        case "armel": return Processor(architecture: "arm", variant: "v6")
        case "arm": return Processor(architecture: "arm", variant: variant ?? "v7")
        case "i386", "i486", "i586", "i686": return Processor(architecture: "386", variant: nil)
        default: return Processor(architecture: architecture, variant: variant)
        }
    }

    private static let operatingSystems: Set<String> = [
        "aix", "android", "darwin", "dragonfly", "freebsd", "illumos", "linux", "macos", "netbsd",
        "openbsd", "plan9", "solaris", "windows", "zos",
    ]

    private static let architectures: Set<String> = [
        "386", "amd64", "arm", "arm64", "loong64", "mips", "mips64", "mips64le", "mipsle", "ppc64",
        "ppc64le", "riscv64", "s390x", "wasm",
    ]
}

extension Platform: CustomStringConvertible {
    /// The platform as `--platform` takes it: "linux/arm/v7".
    package var description: String {
        variant.map { "\(os)/\(architecture)/\($0)" } ?? "\(os)/\(architecture)"
    }
}

extension Platform: JSONCodable {
    package init(from json: inout JSONReader) throws(JSONError) {
        var os: String?
        var architecture: String?
        var variant: String?
        var osVersion: String?
        var osFeatures: [String] = []
        try json.enterObject()
        while let key = try json.nextKey() {
            switch key {
            case "os": os = try json.read()
            case "architecture": architecture = try json.read()
            case "variant": variant = try json.read()
            case "os.version": osVersion = try json.read()
            case "os.features": osFeatures = try json.read()
            default: try json.skipValue()
            }
        }
        self.init(
            os: try json.required(os, "os"),
            architecture: try json.required(architecture, "architecture"),
            variant: variant, osVersion: osVersion, osFeatures: osFeatures)
    }

    package func write(to json: inout JSONWriter) {
        json.beginObject()
        json.member("architecture", architecture)
        json.member("os", os)
        json.optional("os.version", osVersion)
        json.optional("os.features", osFeatures)
        json.optional("variant", variant)
        json.endObject()
    }
}
