/// What a program's file is, from its first bytes: why `execve(2)` may refuse it.
package enum ProgramFile: Sendable, Equatable {
    /// An ELF file for a processor (`e_machine`), and the dynamic linker that it names.
    case elf(machine: UInt16, bits: Int, interpreter: String?)
    /// `#!`: a script, and the program that reads it.
    case script(interpreter: String)
    case empty
    case unknown

    /// How many bytes are looked at: more than headers and names take.
    package static let lengthInBytes = 4096

    package init(_ bytes: [UInt8]) {
        if bytes.isEmpty {
            self = .empty
        } else if bytes.starts(with: [0x23, 0x21]) {
            let line = bytes.dropFirst(2).prefix { $0 != 0x0A }
            let words = line.split { $0 == 0x20 || $0 == 0x09 }
            self = .script(interpreter: String(decoding: words.first ?? [], as: UTF8.self))
        } else if bytes.starts(with: [0x7F, 0x45, 0x4C, 0x46]), bytes.count >= 52 {
            self = Self.elf(bytes)
        } else {
            self = .unknown
        }
    }

    /// Reads `Elf64_Ehdr` or `Elf32_Ehdr`, and the program header `PT_INTERP` (elf(5)).
    private static func elf(_ bytes: [UInt8]) -> ProgramFile {
        let isWide = bytes[4] == 2
        let isLittle = bytes[5] == 1
        func number(at offset: Int, _ count: Int) -> Int {
            guard offset >= 0, offset + count <= bytes.count else { return 0 }
            let part = bytes[offset..<offset + count]
            let ordered = isLittle ? Array(part.reversed()) : Array(part)
            return ordered.reduce(0) { $0 &<< 8 | Int($1) }
        }
        let machine = UInt16(number(at: 18, 2))
        let start = isWide ? number(at: 32, 8) : number(at: 28, 4)
        let size = isWide ? number(at: 54, 2) : number(at: 42, 2)
        let count = isWide ? number(at: 56, 2) : number(at: 44, 2)
        var interpreter: String?
        for index in 0..<min(count, 64) {
            guard start >= 0, start < bytes.count else { break }
            let header = start + index * size
            guard header + size <= bytes.count, number(at: header, 4) == 3 else { continue }
            let place = isWide ? number(at: header + 8, 8) : number(at: header + 4, 4)
            let length = isWide ? number(at: header + 32, 8) : number(at: header + 16, 4)
            guard place >= 0, length > 0, length < bytes.count, place <= bytes.count - length
            else { continue }
            let name = bytes[place..<place + length].prefix { $0 != 0 }
            interpreter = String(decoding: name, as: UTF8.self)
        }
        return .elf(machine: machine, bits: isWide ? 64 : 32, interpreter: interpreter)
    }

    /// The program that the kernel starts in its place, or beside it.
    package var interpreter: String? {
        switch self {
        case .elf(_, _, let interpreter): interpreter
        case .script(let interpreter): interpreter.isEmpty ? nil : interpreter
        case .empty, .unknown: nil
        }
    }

    /// The number of this machine's.
    package static var native: UInt16 {
        switch SyscallArchitecture.native {
        case .aarch64: 183
        default: 62
        }
    }

    /// A processor by its number in ELF files, as uname(1) says it.
    package static func processor(_ machine: UInt16) -> String {
        switch machine {
        case 3: "i386"
        case 8: "mips"
        case 20: "ppc"
        case 21: "ppc64"
        case 22: "s390x"
        case 40: "arm"
        case 62: "x86_64"
        case 183: "aarch64"
        case 243: "riscv64"
        case 258: "loongarch64"
        default: "processor \(machine)"
        }
    }
}
