/// Makes instructions of the parts of a regular expression.
struct RegularExpressionCompiler {
    typealias Mistake = RegularExpression.Mistake
    typealias Node = RegularExpressionParser.Node

    private(set) var program: [RegularExpression.Instruction] = []

    /// How many instructions an expression may have.
    private static let most = 10_000

    mutating func append(_ instruction: RegularExpression.Instruction) throws(Mistake) {
        guard program.count < Self.most else { throw Mistake(why: "it is too large") }
        program.append(instruction)
    }

    mutating func add(_ node: Node) throws(Mistake) {
        switch node {
        case .nothing: break
        case .letter(let set): try append(.letter(set))
        case .place(let place): try append(.require(place))
        case .sequence(let nodes): for node in nodes { try add(node) }
        case .choice(let branches): try add(choice: branches)
        case .group(let number, let inside):
            try append(.mark(2 * number))
            try add(inside)
            try append(.mark(2 * number + 1))
        case .loop(let inside, let least, let most, let isLazy):
            try add(inside, least, most, isLazy)
        }
    }

    private mutating func add(choice branches: [Node]) throws(Mistake) {
        var ends: [Int] = []
        for (number, branch) in branches.enumerated() {
            guard number < branches.count - 1 else {
                try add(branch)
                break
            }
            let split = program.count
            try append(.jump(0))
            try add(branch)
            ends.append(program.count)
            try append(.jump(0))
            program[split] = .split(split + 1, program.count)
        }
        for end in ends { program[end] = .jump(program.count) }
    }

    private mutating func add(
        _ inside: Node, _ least: Int, _ most: Int?, _ isLazy: Bool
    ) throws(Mistake) {
        for _ in 0..<least {
            let before = program.count
            try add(inside)
            if program.count == before { return }  // once or a thousand times nothing
        }
        guard let most else {
            let split = program.count
            try append(.jump(0))
            try add(inside)
            try append(.jump(split))
            program[split] = Self.split(split + 1, program.count, isLazy)
            return
        }
        var splits: [Int] = []
        for _ in least..<most {
            splits.append(program.count)
            try append(.jump(0))
            try add(inside)
        }
        for split in splits { program[split] = Self.split(split + 1, program.count, isLazy) }
    }

    private static func split(
        _ inside: Int, _ behind: Int, _ isLazy: Bool
    ) -> RegularExpression.Instruction {
        isLazy ? .split(behind, inside) : .split(inside, behind)
    }
}
