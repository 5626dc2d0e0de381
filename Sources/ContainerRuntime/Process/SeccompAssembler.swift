/// Writes a filter from its end to its beginning (`linux/filter.h`, classic BPF).
///
/// Jumps only lead forward, so that a target is always written before the jump. A place is the
/// number of instructions from an instruction to the filter's end, which later ones do not change.
struct SeccompAssembler {
    /// The instructions so far, the last one first.
    private var reversed: [UInt64] = []

    /// An instruction that was written.
    struct Place: Equatable {
        fileprivate let fromEnd: Int
    }

    /// A comparison of the accumulator with a constant.
    enum Comparison: UInt16 {
        case equal = 0x15  // BPF_JMP | BPF_JEQ | BPF_K
        case greater = 0x25  // BPF_JMP | BPF_JGT | BPF_K
        case greaterOrEqual = 0x35  // BPF_JMP | BPF_JGE | BPF_K
    }

    /// A part of `struct seccomp_data` (seccomp(2)), as an offset for little-endian machines.
    enum Input {
        case number
        case architecture
        case lowArgument(Int)
        case highArgument(Int)

        fileprivate var offset: UInt32 {
            switch self {
            case .number: 0
            case .architecture: 4
            case .lowArgument(let index): UInt32(16 + 8 * index)
            case .highArgument(let index): UInt32(20 + 8 * index)
            }
        }
    }

    /// The filter as the kernel takes it: one `struct sock_filter` each.
    var instructions: [UInt64] { reversed.reversed() }

    /// Ends the filter with a verdict; one nearby is used again.
    mutating func verdict(_ value: UInt32) -> Place {
        let code: UInt16 = 0x06  // BPF_RET | BPF_K
        let instruction = UInt64(code) | UInt64(value) << 32
        var index = reversed.count - 1
        while index >= max(0, reversed.count - 200) {
            if reversed[index] == instruction { return Place(fromEnd: index + 1) }
            index -= 1
        }
        return append(code: code, constant: value)
    }

    /// Loads a part of the input into the accumulator and goes on with what was written last.
    mutating func load(_ input: Input, then next: Place) -> Place {
        adjoin(next)
        return append(code: 0x20, constant: input.offset)  // BPF_LD | BPF_W | BPF_ABS
    }

    /// Masks the accumulator and goes on with what was written last.
    mutating func mask(_ mask: UInt32, then next: Place) -> Place {
        adjoin(next)
        return append(code: 0x54, constant: mask)  // BPF_ALU | BPF_AND | BPF_K
    }

    /// Compares the accumulator and jumps.
    mutating func compare(
        _ comparison: Comparison, _ constant: UInt32, yes: Place, no: Place
    ) -> Place {
        var yes = yes
        var no = no
        // A distance has eight bits; a jump that goes further is written in between.
        while distance(to: yes) > 255 || distance(to: no) > 255 {
            if distance(to: yes) > 255 { yes = jump(to: yes) } else { no = jump(to: no) }
        }
        return append(
            code: comparison.rawValue, jumpIfTrue: UInt8(distance(to: yes)),
            jumpIfFalse: UInt8(distance(to: no)), constant: constant)
    }

    private mutating func jump(to place: Place) -> Place {
        append(code: 0x05, constant: UInt32(distance(to: place)))  // BPF_JMP | BPF_JA
    }

    /// Makes sure that the next instruction falls through to a place.
    private mutating func adjoin(_ place: Place) {
        if distance(to: place) != 0 { _ = jump(to: place) }
    }

    /// How many instructions one that is written now has to pass.
    private func distance(to place: Place) -> Int { reversed.count - place.fromEnd }

    private mutating func append(
        code: UInt16, jumpIfTrue: UInt8 = 0, jumpIfFalse: UInt8 = 0, constant: UInt32
    ) -> Place {
        reversed.append(
            UInt64(code) | UInt64(jumpIfTrue) << 16 | UInt64(jumpIfFalse) << 24
                | UInt64(constant) << 32)
        return Place(fromEnd: reversed.count)
    }
}
