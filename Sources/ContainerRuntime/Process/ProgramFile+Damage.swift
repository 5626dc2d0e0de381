extension ProgramFile {
    /// What is wrong with a program of this machine's, so that the kernel does not take it
    /// (elf(5); Linux, fs/binfmt_elf.c).
    ///
    /// - Parameter bytes: the first ``lengthInBytes`` of the file, or all of it.
    /// - Returns: nil where nothing is found, and for files of other kinds and processors.
    package static func damage(of bytes: [UInt8]) -> String? {
        guard bytes.starts(with: [0x7F, 0x45, 0x4C, 0x46]) else { return nil }
        let headerLength = 64
        guard bytes.count >= headerLength else {
            return "it ends after \(bytes.count) bytes, within its ELF header"
        }
        func number(at offset: Int, _ count: Int) -> Int {
            bytes[offset..<offset + count].reversed().reduce(0) { $0 &<< 8 | Int($1) }
        }
        guard number(at: 18, 2) == Int(native) else { return nil }
        if bytes[4] != 2 { return "its ELF header says class \(bytes[4]), and not 2 (64 bits)" }
        if bytes[5] != 1 {
            return "its ELF header says byte order \(bytes[5]), and not 1 (the lowest first)"
        }
        switch number(at: 16, 2) {
        case 2, 3: break
        case 1: return "it is an object file, which was not linked to a program"
        case 4: return "it is a memory image of a program (core), and not the program"
        case let type: return "its ELF header says type \(type), which is no program"
        }
        return damageOfProgramHeaders(
            in: bytes, start: number(at: 32, 8), size: number(at: 54, 2), count: number(at: 56, 2))
    }

    private static func damageOfProgramHeaders(
        in bytes: [UInt8], start: Int, size: Int, count: Int
    ) -> String? {
        let headerLength = 56
        if size != headerLength {
            return
                "its program headers are said to have \(size) bytes each, and not \(headerLength)"
        }
        if count == 0 { return "it has no program headers" }
        // Of a longer file the rest may have them.
        let isWhole = bytes.count < lengthInBytes
        let end = start.addingReportingOverflow(count * size)
        if start < 0 || end.overflow || (isWhole && end.partialValue > bytes.count) {
            return "it ends after \(bytes.count) bytes, before its program headers do"
        }
        return nil
    }
}
