import Fuzz
import Glibc

/// The target that the environment names.
private let target: FuzzTarget = {
    let name = getenv("KADE_FUZZ_TARGET").map { String(cString: $0) } ?? ""
    guard let target = FuzzTarget.allCases.first(where: { "\($0)" == name }) else {
        print("KADE_FUZZ_TARGET is none of \(FuzzTarget.allCases)")
        exit(2)
    }
    return target
}()

/// Writes the inputs to start from into `KADE_FUZZ_SEEDS`, where that is set, and ends.
@_cdecl("LLVMFuzzerInitialize")
public func initialize(_: UnsafeMutableRawPointer, _: UnsafeMutableRawPointer) -> CInt {
    guard let directory = getenv("KADE_FUZZ_SEEDS").map({ String(cString: $0) }) else { return 0 }
    for (index, seed) in target.seeds.enumerated() {
        let file = open("\(directory)/seed-\(index)", O_WRONLY | O_CREAT | O_TRUNC, 0o644)
        guard file >= 0, write(file, seed, seed.count) == seed.count else { exit(1) }
        close(file)
    }
    exit(0)
}

/// Reads one input, and asserts nothing: a refusal is as good as a result.
///
/// A precondition that does not hold, or another end of the program, is what libFuzzer looks for.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    _ = target.read(Array(UnsafeBufferPointer(start: start, count: count)))
    return 0
}
