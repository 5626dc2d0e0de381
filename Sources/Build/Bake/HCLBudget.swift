import OCI

/// How much the expressions of a bake may compute.
///
/// Functions that call themselves twice, and lists that hold the list before twice, take twice the
/// time and memory with each level: a short file would keep a machine busy for years.
final class HCLBudget {
    /// How many steps there are at first: a matrix of a thousand targets takes a tenth of them.
    static let most = 2_000_000
    private(set) var left = most

    /// Takes steps off.
    ///
    /// - Returns: whether there were that many.
    func spend(_ steps: Int) -> Bool {
        guard left >= 0 else { return false }
        left -= steps
        return left >= 0
    }

    /// How many steps a value takes that an expression makes: one for each that is in it, and for
    /// each 16 bytes of a text.
    ///
    /// - Parameters:
    ///   - value: what was made.
    ///   - most: nothing is counted beyond.
    /// - Returns: the steps; more than the most where counting ended there.
    static func cost(of value: JSONValue, upTo most: Int) -> Int {
        switch value {
        case .null, .bool, .number: return 1
        case .string(let text): return 1 + text.utf8.count / 16
        case .array(let elements): return cost(of: elements, upTo: most)
        case .object(let object): return cost(of: object.members.map(\.value), upTo: most)
        }
    }

    private static func cost(of values: [JSONValue], upTo most: Int) -> Int {
        var sum = 1
        for value in values {
            guard sum <= most else { break }
            sum += cost(of: value, upTo: most - sum)
        }
        return sum
    }
}
