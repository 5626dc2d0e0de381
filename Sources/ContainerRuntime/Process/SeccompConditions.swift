import OCI

extension SeccompAssembler {
    /// Writes a test of conditions that all have to hold.
    ///
    /// - Parameters:
    ///   - conditions: the conditions; without one the test always succeeds.
    ///   - isWide: whether arguments have 64 bits.
    ///   - yes: where it goes on when they hold.
    ///   - no: where it goes on when one does not.
    /// - Returns: where the test begins.
    mutating func test(
        _ conditions: [RuntimeSpec.Seccomp.Argument], isWide: Bool, yes: Place, no: Place
    ) -> Place {
        conditions.reversed().reduce(yes) { next, condition in
            isWide
                ? testWide(condition, yes: next, no: no)
                : testLow(condition, yes: next, no: no)
        }
    }

    /// Compares the low 32 bits of an argument.
    private mutating func testLow(
        _ condition: RuntimeSpec.Seccomp.Argument, yes: Place, no: Place
    ) -> Place {
        let low = UInt32(truncatingIfNeeded: condition.value)
        let input = Input.lowArgument(Int(condition.index))
        let test =
            switch condition.op {
            case .equal: compare(.equal, low, yes: yes, no: no)
            case .notEqual: compare(.equal, low, yes: no, no: yes)
            case .greater: compare(.greater, low, yes: yes, no: no)
            case .greaterOrEqual: compare(.greaterOrEqual, low, yes: yes, no: no)
            case .less: compare(.greaterOrEqual, low, yes: no, no: yes)
            case .lessOrEqual: compare(.greater, low, yes: no, no: yes)
            case .maskedEqual:
                masked(low, UInt32(truncatingIfNeeded: condition.valueTwo ?? 0), yes: yes, no: no)
            }
        return load(input, then: test)
    }

    /// Compares all 64 bits: the low half decides only when the high halves are equal.
    private mutating func testWide(
        _ condition: RuntimeSpec.Seccomp.Argument, yes: Place, no: Place
    ) -> Place {
        let lowTest = testLow(condition, yes: yes, no: no)
        let high = UInt32(truncatingIfNeeded: condition.value >> 32)
        let test: Place
        switch condition.op {
        case .equal: test = compare(.equal, high, yes: lowTest, no: no)
        case .notEqual: test = compare(.equal, high, yes: lowTest, no: yes)
        case .greater, .greaterOrEqual:
            let isEqual = compare(.equal, high, yes: lowTest, no: no)
            test = compare(.greater, high, yes: yes, no: isEqual)
        case .less, .lessOrEqual:
            let isEqual = compare(.equal, high, yes: lowTest, no: yes)
            test = compare(.greater, high, yes: no, no: isEqual)
        case .maskedEqual:
            if high == 0 { return lowTest }
            let wanted = UInt32(truncatingIfNeeded: (condition.valueTwo ?? 0) >> 32)
            test = masked(high, wanted, yes: lowTest, no: no)
        }
        return load(.highArgument(Int(condition.index)), then: test)
    }

    /// Compares the accumulator under a mask; of the wanted value only the masked bits count.
    private mutating func masked(
        _ mask: UInt32, _ wanted: UInt32, yes: Place, no: Place
    ) -> Place {
        let test = compare(.equal, wanted & mask, yes: yes, no: no)
        return self.mask(mask, then: test)
    }
}
