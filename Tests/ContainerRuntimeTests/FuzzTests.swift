import Fuzz
import Testing

/// Damaged and strange inputs of the runtime.
///
/// Each is accepted or refused with a clear error, and none ends the test. `make fuzz` does the same
/// for longer, and with other seeds.
@Suite struct FuzzTests {
    @Test(arguments: FuzzTarget.allCases.filter(\.isJSON))
    func `the texts to start from are accepted`(target: FuzzTarget) {
        for seed in target.seeds {
            let refusal = target.read(seed)
            #expect(refusal == nil, "\(String(describing: refusal))")
        }
    }

    @Test(arguments: FuzzTarget.allCases, 0..<(2 * fuzzFactor))
    func `damaged bytes are read or refused`(target: FuzzTarget, seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<200 {
            guard let text = target.seeds.randomElement(using: &generator) else { continue }
            _ = target.read(mutated(text, using: &generator))
        }
    }

    @Test(arguments: FuzzTarget.allCases.filter(\.isJSON), 0..<(8 * fuzzFactor))
    func `strange values are read or refused`(target: FuzzTarget, seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<200 {
            guard let text = target.seeds.randomElement(using: &generator) else { continue }
            _ = target.read(withValuesExchanged(text, using: &generator))
        }
    }

    @Test(arguments: FuzzTarget.allCases.filter { !$0.isJSON })
    func `random messages are read or refused`(target: FuzzTarget) {
        var generator = SeededGenerator(seed: 1)
        for length in 1..<64 {
            for _ in 0..<20 {
                var message = (0..<length).map { _ in UInt8.random(in: 0...255, using: &generator) }
                message[0] = target.seeds.randomElement(using: &generator)?.first ?? 0
                _ = target.read(message)
            }
        }
    }
}
