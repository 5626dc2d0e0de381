package import OCI

/// Random numbers that are the same in every run: SplitMix64.
package struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    package init(seed: UInt64) { state = seed }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}

/// What has a meaning in JSON, and bytes that are no UTF-8.
package let jsonMarks = Array("{}[],:\"\\u0eE+-.ntf \u{0}\u{7F}".utf8) + [0x80, 0xC3, 0xED, 0xFF]

/// A text with a few bytes changed, added, removed or doubled.
package func mutated(
    _ text: [UInt8], with marks: [UInt8] = jsonMarks, using generator: inout SeededGenerator
) -> [UInt8] {
    var bytes = text
    for _ in 0..<Int.random(in: 1...4, using: &generator) where !bytes.isEmpty {
        let index = Int.random(in: 0..<bytes.count, using: &generator)
        let mark = marks.randomElement(using: &generator) ?? 0
        switch Int.random(in: 0..<5, using: &generator) {
        case 0: bytes[index] = mark
        case 1: bytes.insert(mark, at: index)
        case 2: bytes.remove(at: index)
        case 3: bytes.removeSubrange(index...)
        default:
            let end = Int.random(in: index..<bytes.count, using: &generator)
            bytes.insert(contentsOf: bytes[index...end], at: index)
        }
    }
    return bytes
}

/// A JSON value of bounded depth.
package func randomValue(
    depth: Int, using generator: inout SeededGenerator
) -> JSONValue {
    let strings = ["", "a", "\"\\/", "\u{0}\n", "é😀\u{2028}", "a much longer string, with more"]
    switch Int.random(in: 0..<(depth > 0 ? 7 : 5), using: &generator) {
    case 0: return nil
    case 1: return .bool(Bool.random(using: &generator))
    case 2: return .number(JSONNumber(Int64.random(in: .min ... .max, using: &generator)))
    case 3: return .number(JSONNumber(Double.random(in: -1e9...1e9, using: &generator)))
    case 4: return .string(strings.randomElement(using: &generator) ?? "")
    case 5:
        return .array(
            (0..<Int.random(in: 0..<5, using: &generator)).map { _ in
                randomValue(depth: depth - 1, using: &generator)
            })
    default:
        var object = JSONObject()
        for _ in 0..<Int.random(in: 0..<5, using: &generator) {
            object.append(
                strings.randomElement(using: &generator) ?? "",
                randomValue(depth: depth - 1, using: &generator))
        }
        return .object(object)
    }
}
