import ContainerRuntime
import OCI
import SeccompOracle
import Testing

@Suite struct SeccompOracleTests {
    @Test(arguments: 0..<150 as Range<UInt64>)
    func `a generated profile gets libseccomp's verdicts`(seed: UInt64) throws {
        var generator = ProfileGenerator(seed: seed)
        let native: SyscallArchitecture = seed % 3 == 0 ? .aarch64 : .x86_64
        let differences = try differencesFromOracle(of: generator.profile(), native: native)
        #expect(differences.isEmpty, "\(differences.joined(separator: "\n"))")
    }

    @Test func `nearly all calls have libseccomp's numbers`() {
        let names = SyscallTable.shared.names
        #expect(names.count > 450)
        #expect(names.filter { Oracle.knows($0) }.count > 400)
        #expect(SyscallTable.shared.entry(named: "no_such_call") == nil)
        #expect(SyscallTable.shared.entry(named: "") == nil)
    }
}
