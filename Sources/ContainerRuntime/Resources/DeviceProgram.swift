/// The eBPF program that answers for a ``DeviceList`` (bpf(2); kernel, include/uapi/linux/bpf.h).
///
/// The kernel hands it `struct bpf_cgroup_dev_ctx { access_type; major; minor }`. It keeps the kinds
/// of access that no rule has answered yet, asks the rules from the last to the first, and returns 1
/// when all are allowed, 0 as soon as one is denied. So each kind of access follows the last rule
/// about it. Rules in a row that give the same answer are asked together: the time that the kernel
/// takes to verify a program, 0.2 ms for the default rules one by one, grows with its length.
struct DeviceProgram: Equatable {
    /// The instructions, eight bytes each.
    private(set) var instructions: [UInt64] = []

    init(_ list: DeviceList) {
        load(.kind, offset: 0)
        emit(.and32, .kind, 0xffff)
        load(.access, offset: 0)
        emit(.rightShift32, .access, 16)
        load(.major, offset: 4)
        load(.minor, offset: 8)
        var rest = list.rules.reversed()[...]
        while let rule = rest.first {
            let alike = rest.prefix { $0.isAnswered(like: rule) }
            if alike.isEmpty {
                ask(rule)
                // The verifier refuses code that nothing reaches.
                if rule.isAboutEverything { return }
            } else {
                ask(Array(alike))
            }
            rest = rest.dropFirst(max(1, alike.count))
        }
        answer(0)
    }

    /// Registers; the context arrives in register 1, the answer leaves in register 0.
    private enum Register: UInt64 {
        case answer = 0
        case context = 1
        case kind = 2
        case access = 3
        case major = 4
        case minor = 5
    }

    /// Operations: class, source and code as the kernel's header names them.
    private enum Operation: UInt64 {
        case loadWord = 0x61  // BPF_LDX | BPF_MEM | BPF_W
        case and32 = 0x54  // BPF_ALU | BPF_AND | BPF_K
        case rightShift32 = 0x74  // BPF_ALU | BPF_RSH | BPF_K
        case move = 0xb7  // BPF_ALU64 | BPF_MOV | BPF_K
        case jumpIfEqual = 0x15  // BPF_JMP | BPF_JEQ | BPF_K
        case jumpIfNotEqual = 0x55  // BPF_JMP | BPF_JNE | BPF_K
        case jumpIfAnySet = 0x45  // BPF_JMP | BPF_JSET | BPF_K
        case jump = 0x05  // BPF_JMP | BPF_JA
        case exit = 0x95  // BPF_JMP | BPF_EXIT
    }

    /// One rule: where it does not fit, go on behind it.
    private mutating func ask(_ rule: DeviceList.Rule) {
        let body = verdict(of: rule)
        var length =
            body.count + (rule.kind == .any ? 0 : 1) + (rule.major == nil ? 0 : 1)
            + (rule.minor == nil ? 0 : 1)
        func require(_ register: Register, _ value: UInt32) {
            length -= 1
            emit(.jumpIfNotEqual, register, value, jump: length)
        }
        switch rule.kind {
        case .block: require(.kind, 1)  // BPF_DEVCG_DEV_BLOCK
        case .character: require(.kind, 2)  // BPF_DEVCG_DEV_CHAR
        case .any: break
        }
        if let major = rule.major { require(.major, major) }
        if let minor = rule.minor { require(.minor, minor) }
        instructions += body
    }

    /// Rules that differ in their numbers only: where one fits, go to the answer behind them.
    private mutating func ask(_ rules: [DeviceList.Rule]) {
        var tests: [UInt64] = []  // from the last to the first, as each must know how far to jump
        for (index, rule) in rules.enumerated()
        where !rules[..<index].contains(where: { $0.major == rule.major }) {
            let alike = rules.filter { $0.major == rule.major }
            let major = rule.major ?? 0
            var part = DeviceProgram()
            if alike.contains(where: { $0.minor == nil }) {
                part.emit(.jumpIfEqual, .major, major, jump: tests.count + 1)
            } else {
                part.emit(.jumpIfNotEqual, .major, major, jump: alike.count)
                for (index, other) in alike.enumerated() {
                    let remaining = alike.count - index - 1
                    part.emit(
                        .jumpIfEqual, .minor, other.minor ?? 0, jump: remaining + tests.count + 1)
                }
            }
            tests = part.instructions + tests
        }
        // The tests, a jump over the answer, the answer.
        emit(
            .jumpIfNotEqual, .kind, rules[0].kind == .block ? 1 : 2, jump: tests.count + 3)
        instructions += tests
        emit(.jump, .answer, 0, jump: 2)
        answer(rules[0].allow ? 1 : 0)
    }

    /// What a rule does with an access to one of its devices.
    private func verdict(of rule: DeviceList.Rule) -> [UInt64] {
        var part = DeviceProgram()
        switch (rule.allow, rule.access) {
        case (_, .all):
            part.answer(rule.allow ? 1 : 0)
        case (true, let access):
            part.emit(.and32, .access, DeviceList.Access.all.subtracting(access).rawValue)
            part.emit(.jumpIfNotEqual, .access, 0, jump: 2)
            part.answer(1)
        case (false, let access):
            part.emit(.jumpIfAnySet, .access, access.rawValue, jump: 1)
            part.emit(.jump, .answer, 0, jump: 2)
            part.answer(0)
        }
        return part.instructions
    }

    private init() {}

    private mutating func answer(_ value: UInt32) {
        emit(.move, .answer, value)
        emit(.exit, .answer, 0)
    }

    private mutating func load(_ register: Register, offset: UInt64) {
        let registers = register.rawValue | Register.context.rawValue << 4
        instructions.append(Operation.loadWord.rawValue | registers << 8 | offset << 16)
    }

    private mutating func emit(
        _ operation: Operation, _ register: Register, _ value: UInt32, jump: Int = 0
    ) {
        instructions.append(
            operation.rawValue | register.rawValue << 8 | UInt64(jump) << 16 | UInt64(value) << 32)
    }
}

extension DeviceList.Rule {
    /// Whether both are about all access to devices with known numbers, and answer the same.
    fileprivate func isAnswered(like other: Self) -> Bool {
        access == .all && other.access == .all && kind != .any && kind == other.kind
            && allow == other.allow && major != nil && other.major != nil
    }
}
