/// What the kernel gives to a filter: `struct seccomp_data` (seccomp(2)).
package struct FilterInput {
    package var number: UInt32
    package var architecture: UInt32
    package var arguments: [UInt64]

    package init(
        number: UInt32, architecture: UInt32, arguments: [UInt64] = [0, 0, 0, 0, 0, 0]
    ) {
        self.number = number
        self.architecture = architecture
        self.arguments = arguments
    }

    fileprivate func word(at offset: UInt32) -> UInt32? {
        switch offset {
        case 0: return number
        case 4: return architecture
        case 8, 12: return 0  // the instruction pointer
        case 16..<64 where offset % 4 == 0:
            let argument = arguments[Int(offset - 16) / 8]
            return UInt32(truncatingIfNeeded: offset % 8 == 0 ? argument : argument >> 32)
        default: return nil
        }
    }
}

/// Runs classic BPF as the kernel does; an instruction that it does not know is nil.
package func run(_ filter: [UInt64], on input: FilterInput) -> UInt32? {
    var looked = false
    return run(filter, on: input, looksAtArguments: &looked)
}

/// Runs classic BPF, and notes whether it reads an argument.
package func run(
    _ filter: [UInt64], on input: FilterInput, looksAtArguments: inout Bool
) -> UInt32? {
    var accumulator: UInt32 = 0
    var index: UInt32 = 0
    var scratch: [UInt32] = Array(repeating: 0, count: 16)
    while index < filter.count {
        let instruction = filter[Int(index)]
        let constant = UInt32(truncatingIfNeeded: instruction >> 32)
        let yes = UInt32(truncatingIfNeeded: instruction >> 16 & 0xFF)
        let no = UInt32(truncatingIfNeeded: instruction >> 24 & 0xFF)
        index += 1
        switch instruction & 0xFFFF {
        case 0x20:
            guard let word = input.word(at: constant) else { return nil }
            accumulator = word
            if constant >= 16 { looksAtArguments = true }
        case 0x60: accumulator = scratch[Int(constant)]
        case 0x02: scratch[Int(constant)] = accumulator
        case 0x54: accumulator &= constant
        case 0x05: index += constant
        case 0x15: index += accumulator == constant ? yes : no
        case 0x25: index += accumulator > constant ? yes : no
        case 0x35: index += accumulator >= constant ? yes : no
        case 0x45: index += accumulator & constant != 0 ? yes : no
        case 0x06: return constant
        default: return nil
        }
    }
    return nil
}
