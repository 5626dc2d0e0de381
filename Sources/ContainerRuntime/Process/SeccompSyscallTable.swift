import Glibc
package import OCI

/// A system call table of the kernel that a filter can be made for.
package enum SyscallArchitecture: Int, Sendable, CaseIterable {
    case x86_64, x32, i386, aarch64, arm

    /// The table that this program was compiled for.
    package static var native: SyscallArchitecture {
        #if arch(x86_64)
            .x86_64
        #elseif arch(arm64)
            .aarch64
        #else
            #error("Kade has no system call table of this processor")
        #endif
    }

    /// The table of a specification's architecture; nil for those that no kernel runs beside the
    /// native ones here.
    package init?(_ architecture: RuntimeSpec.Seccomp.Architecture) {
        switch architecture {
        case .x86_64: self = .x86_64
        case .x32: self = .x32
        case .x86: self = .i386
        case .aarch64: self = .aarch64
        case .arm: self = .arm
        default: return nil
        }
    }

    /// What the kernel calls it in a filter's input (`AUDIT_ARCH_…`, `linux/audit.h`).
    package var auditNumber: UInt32 {
        switch self {
        case .x86_64, .x32: 0xC000_003E
        case .i386: 0x4000_0003
        case .aarch64: 0xC000_00B7
        case .arm: 0x4000_0028
        }
    }

    /// Whether filters compare all 64 bits of an argument.
    var hasWideArguments: Bool { self == .x86_64 || self == .aarch64 }

    /// What x32 adds to the numbers (`__X32_SYSCALL_BIT`).
    static let x32Bit: UInt32 = 0x4000_0000
}

/// The numbers of system calls by name.
package struct SyscallTable: Sendable {
    /// The name's first byte in ``text``, by entry.
    private var starts: [Int32] = []
    private var lengths: [UInt8] = []
    /// Five numbers an entry, in the order of ``SyscallArchitecture``; −1 where there is none.
    private var numbers: [Int32] = []
    /// Entries by the hash of their names; −1 is an empty place.
    private var places: [Int16]

    private static let placeCount = 2048
    /// Somewhat more than there are entries.
    private static let capacity = 512

    /// How many entries there are.
    var count: Int { starts.count }

    /// The table of every call that Kade knows.
    package static let shared = SyscallTable()

    /// Every name, for tests.
    package var names: [String] {
        starts.indices.map { entry in
            String(decoding: nameBytes(entry), as: UTF8.self)
        }
    }

    private init() {
        places = Array(repeating: -1, count: Self.placeCount)
        starts.reserveCapacity(Self.capacity)
        lengths.reserveCapacity(Self.capacity)
        numbers.reserveCapacity(Self.capacity * SyscallArchitecture.allCases.count)
        let text = Self.bytes
        var position = 0
        while position < text.count {
            position = readEntry(text, from: position)
        }
    }

    /// Finds a call.
    ///
    /// - Parameter name: "openat2".
    /// - Returns: the entry to ask for numbers, or nil for a call that Kade does not know.
    package func entry(named name: String) -> Int? {
        var name = name
        return name.withUTF8 { name in
            guard let start = name.baseAddress else { return nil }
            var place = Self.hash(name)
            while places[place] >= 0 {
                let entry = Int(places[place])
                if lengths[entry] == name.count,
                    memcmp(Self.text.utf8Start + Int(starts[entry]), start, name.count) == 0
                {
                    return entry
                }
                place = (place + 1) & (Self.placeCount - 1)
            }
            return nil
        }
    }

    /// The number of an entry's call, or nil where the architecture does not have it.
    package func number(_ entry: Int, on architecture: SyscallArchitecture) -> UInt32? {
        UInt32(exactly: numbers[entry * SyscallArchitecture.allCases.count + architecture.rawValue])
    }

    /// The name of a number's call; nil where the architecture has none.
    package func name(of number: UInt32, on architecture: SyscallArchitecture) -> String? {
        starts.indices.first { self.number($0, on: architecture) == number }
            .map { String(decoding: nameBytes($0), as: UTF8.self) }
    }

    private static var bytes: UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
    }

    private func nameBytes(_ entry: Int) -> UnsafeBufferPointer<UInt8> {
        let start = Int(starts[entry])
        return UnsafeBufferPointer(rebasing: Self.bytes[start..<start + Int(lengths[entry])])
    }

    /// Reads "name:1,2,-,4,5" and the white space after it.
    private mutating func readEntry(_ text: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
        var position = start
        while text[position] != UInt8(ascii: ":") { position += 1 }
        add(nameFrom: start, to: position)
        position += 1
        var number: Int32 = -1
        while position < text.count {
            let byte = text[position]
            position += 1
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                number = max(number, 0) * 10 + Int32(byte - UInt8(ascii: "0"))
            case UInt8(ascii: ","):
                numbers.append(number)
                number = -1
            case UInt8(ascii: "-"): continue
            default:
                numbers.append(number)
                return position
            }
        }
        numbers.append(number)
        return position
    }

    private mutating func add(nameFrom start: Int, to end: Int) {
        let entry = starts.count
        starts.append(Int32(start))
        lengths.append(UInt8(end - start))
        var place = Self.hash(nameBytes(entry))
        while places[place] >= 0 { place = (place + 1) & (Self.placeCount - 1) }
        places[place] = Int16(entry)
    }

    /// FNV-1a, folded to a place.
    private static func hash(_ name: UnsafeBufferPointer<UInt8>) -> Int {
        var hash: UInt32 = 2_166_136_261
        for byte in name { hash = (hash ^ UInt32(byte)) &* 16_777_619 }
        return Int((hash ^ hash >> 15) & UInt32(placeCount - 1))
    }
}
