package import Diagnostics
import Glibc

/// How often what is random begins anew: `KADE_FUZZ_ROUNDS` times as often as usual.
package let fuzzFactor =
    UInt64(getenv("KADE_FUZZ_ROUNDS").map { String(cString: $0) } ?? "1") ?? 1

/// Whether a refusal says what was refused and why, and blames the input.
package func isClear(_ refusal: Problem) -> Bool {
    refusal.kind != .bug && !refusal.what.isEmpty && !refusal.why.isEmpty
}

/// Gives damaged forms of some inputs to a reader.
///
/// - Parameters:
///   - inputs: what to start from; the reader accepts each.
///   - count: how many damaged ones there are.
///   - seed: what makes them.
///   - marks: what is put into them; those of JSON where none are given.
///   - read: the reader.
/// - Returns: what is wrong with it: an input that it should have accepted, a refusal that does not say
///   what and why, and one that calls itself a bug.
package func complaints(
    about inputs: [[UInt8]], count: Int = 400, seed: UInt64, marks: [UInt8] = jsonMarks,
    _ read: ([UInt8]) throws(Problem) -> Void
) -> [String] {
    var found: [String] = []
    for input in inputs {
        do throws(Problem) {
            try read(input)
        } catch {
            found.append("refused: \(String(decoding: input.prefix(200), as: UTF8.self)): \(error)")
        }
    }
    var generator = SeededGenerator(seed: seed)
    for _ in 0..<count {
        guard let input = inputs.randomElement(using: &generator) else { break }
        let damaged = mutated(input, with: marks, using: &generator)
        do throws(Problem) {
            try read(damaged)
        } catch {
            guard !isClear(error) else { continue }
            found.append("\(String(decoding: damaged, as: UTF8.self)): \(error)")
        }
    }
    return found
}
