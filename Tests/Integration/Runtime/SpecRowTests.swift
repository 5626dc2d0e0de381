import OCI
import Testing

/// Properties of `config.json`, each seen from inside, with every runtime of this machine that has
/// them.
@Suite(.enabled(if: isRoot)) struct SpecRowTests {
    @Test(arguments: SpecRow.all, RuntimeUnderTest.allCases)
    func `a property has its effect`(row: SpecRow, runtime: RuntimeUnderTest) throws {
        guard row.runtimes.contains(runtime), runtime.isInstalled else { return }
        let bundle = try RuntimeBundle(for: runtime, row.change)
        let outcome = try bundle.run(shell: row.shell)
        #expect(outcome.lines == row.expected, "\(outcome.errors)")
    }

    @Test(arguments: RefusedSpec.all)
    func `what cannot be done is refused by name`(refused: RefusedSpec) throws {
        let bundle = try RuntimeBundle(for: .kade, refused.change)
        let outcome = try bundle.run(shell: "echo ran")
        #expect(outcome.exitCode == 1)
        #expect(outcome.output == "")
        #expect(outcome.errors.contains(refused.complaint), "\(outcome.errors)")
        #expect(try bundle.leftovers().isEmpty)
    }
}

/// What one property does.
struct SpecRow: Sendable, CustomTestStringConvertible {
    var testDescription: String
    /// Those whose version of Debian 12 has it on a machine of version 1, and Kade.
    var runtimes: Set<RuntimeUnderTest>
    var change: @Sendable (inout RuntimeSpec) -> Void
    var shell: String
    var expected: [String]

    init(
        _ name: String, with others: RuntimeUnderTest..., shell: String, shows expected: [String],
        _ change: @escaping @Sendable (inout RuntimeSpec) -> Void
    ) {
        testDescription = name
        runtimes = Set(others + [.kade])
        self.shell = shell
        self.expected = expected
        self.change = change
    }

    static let all = process + scheduling + rootfs + mounts + linux + resources + seccomp
}
