package import ContainerRuntime
package import OCI

/// Compares our filter with the oracle's on every number and many arguments.
///
/// - Parameters:
///   - profile: what both are made from, without the calls that this libseccomp does not know.
///   - native: the machine.
/// - Returns: where they differ, at most five places.
/// - Throws: when there is no filter to compare.
package func differencesFromOracle(
    of profile: RuntimeSpec.Seccomp, native: SyscallArchitecture
) throws -> [String] {
    var profile = profile
    for index in profile.syscalls.indices {
        profile.syscalls[index].names.removeAll { !Oracle.knows($0) }
    }
    let own = try SeccompFilter(compiling: profile, native: native).instructions
    guard let oracle = Oracle(profile, native: native) else {
        return ["libseccomp makes no filter of the profile"]
    }
    let arguments = interestingArguments(of: profile)
    var differences: [String] = []
    for architecture in auditNumbers {
        for number in interestingNumbers {
            var looksAtArguments = false
            for list in arguments {
                let input = FilterInput(
                    number: number, architecture: architecture, arguments: list)
                let expected = oracle.verdict(on: input, looksAtArguments: &looksAtArguments)
                let verdict = run(own, on: input, looksAtArguments: &looksAtArguments)
                if verdict != expected, differences.count < 5 {
                    differences.append(
                        "\(architecture) \(number) \(list): \(String(verdict ?? 1, radix: 16)), expected "
                            + String(expected ?? 1, radix: 16))
                }
                if !looksAtArguments { break }
            }
        }
    }
    return differences
}

/// The architectures that a filter may be asked about, and one that it may not.
private let auditNumbers: [UInt32] =
    Set(SyscallArchitecture.allCases.map(\.auditNumber)).sorted() + [0x8000_0016]

private let interestingNumbers: [UInt32] = {
    let bit: UInt32 = 0x4000_0000
    let low = Array(0..<600 as Range<UInt32>)
    let high: [UInt32] = [
        1023, 1024, 1025, 0xEFFFF, 0xF0000, 0xF0001, 0xF0002, 0xF0005, 0xF0006, 0xF0400,
        bit - 1, 2 * bit - 1, 2 * bit, 3 * bit - 1, 3 * bit, .max - 1, .max,
    ]
    return low + low.map { $0 | bit } + high
}()

/// Argument lists around every value that a profile compares with.
private func interestingArguments(of profile: RuntimeSpec.Seccomp) -> [[UInt64]] {
    var values: Set<UInt64> = [0]
    for argument in profile.syscalls.flatMap(\.args) {
        let two = argument.valueTwo ?? 0
        for value in [argument.value, two, argument.value ^ two] {
            values.formUnion([value, value &- 1, value &+ 1, value ^ 1 << 32, value ^ 1 << 63])
        }
    }
    var lists = values.map { value in Array(repeating: value, count: 6) }
    let sorted = values.sorted()
    for shift in 1..<7 {
        lists.append((0..<6).map { sorted[($0 * shift + shift) % sorted.count] })
    }
    return lists
}
