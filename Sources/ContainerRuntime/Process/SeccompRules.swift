import OCI

/// What a filter says of one architecture's system calls, by number.
struct SeccompRules {
    /// What is known of each place's call.
    private var slots: [Slot]
    /// Rules that look at arguments, one list a call.
    private var conditional: [[Conditional]] = []
    /// The highest number that the profile names, or nil when it names none.
    private(set) var lastNumber: UInt32?

    let architecture: SyscallArchitecture

    /// Calls have numbers from 0, and on arm private ones from 0x0F0000: so many places for each.
    private static let placeCount = 1024
    private static let privateBase: UInt32 = 0x000F_0000

    /// What is known of a call.
    private enum Slot {
        case nothing
        case verdict(UInt32)
        /// Only rules that look at arguments, by their index.
        case rules(UInt32)
    }

    /// A verdict that conditions on arguments lead to.
    struct Conditional {
        var conditions: [RuntimeSpec.Seccomp.Argument]
        var verdict: UInt32
    }

    /// What happens to the calls from one number up to the next range.
    struct Range {
        var start: UInt32
        var outcome: Outcome
    }

    /// What happens to a call.
    enum Outcome {
        case verdict(UInt32)
        /// The first rule whose conditions hold decides, the default if none does.
        case rules([Conditional])

        /// Whether both are the same verdict.
        func isSame(as other: Outcome) -> Bool {
            guard case .verdict(let own) = self, case .verdict(let theirs) = other else {
                return false
            }
            return own == theirs
        }
    }

    init(architecture: SyscallArchitecture) {
        self.architecture = architecture
        slots = Array(
            repeating: .nothing, count: Self.placeCount * (architecture == .arm ? 2 : 1))
    }

    /// Adds a rule for a call, unless an earlier one decides whatever the arguments are.
    ///
    /// - Parameters:
    ///   - entry: the call in the table.
    ///   - alternatives: conditions, each list of which leads to the verdict; empty means always.
    ///   - verdict: the filter's result; nil only notes that the profile names the call.
    mutating func add(
        _ entry: Int, when alternatives: [[RuntimeSpec.Seccomp.Argument]], verdict: UInt32?
    ) {
        let multiplexed = architecture == .i386 ? MultiplexedCall(entry: entry) : nil
        if let number = SyscallTable.shared.number(entry, on: architecture) {
            if multiplexed == nil { lastNumber = max(lastNumber ?? 0, number) }
            if let verdict { add(number, when: alternatives, verdict: verdict) }
        }
        guard let multiplexed, let verdict else { return }
        // The call's own first argument is elsewhere, and the number takes its place.
        let base = RuntimeSpec.Seccomp.Argument(index: 0, value: multiplexed.code, op: .equal)
        let conditions = alternatives.isEmpty ? [[]] : alternatives
        add(
            multiplexed.number, when: conditions.map { [base] + $0.filter { $0.index != 0 } },
            verdict: verdict)
    }

    private mutating func add(
        _ number: UInt32, when alternatives: [[RuntimeSpec.Seccomp.Argument]], verdict: UInt32
    ) {
        let place = Self.place(of: number)
        if case .verdict = slots[place] { return }
        if alternatives.isEmpty { slots[place] = .verdict(verdict) }
        for alternative in alternatives {
            let conditions = alternative.filter { !holdsAlways($0) }
            guard !conditions.isEmpty else { return slots[place] = .verdict(verdict) }
            let rule = Conditional(conditions: conditions, verdict: verdict)
            if case .rules(let index) = slots[place] {
                conditional[Int(index)].append(rule)
            } else {
                slots[place] = .rules(UInt32(conditional.count))
                conditional.append([rule])
            }
        }
    }

    /// Whether a mask leaves nothing of an argument to compare.
    private func holdsAlways(_ condition: RuntimeSpec.Seccomp.Argument) -> Bool {
        guard condition.op == .maskedEqual else { return false }
        return architecture.hasWideArguments
            ? condition.value == 0 : UInt32(truncatingIfNeeded: condition.value) == 0
    }

    /// The ranges of numbers from 0 on, neighbours of one verdict joined.
    ///
    /// - Parameter standard: the verdict of calls that no rule is about.
    /// - Returns: the ranges, the first from 0.
    func ranges(standard: UInt32) -> [Range] {
        var ranges = [Range(start: 0, outcome: .verdict(standard))]
        // The last range's verdict; nil where rules decide.
        var last: UInt32? = standard
        for place in slots.indices {
            if place == Self.placeCount {
                Self.append(.verdict(standard), from: UInt32(place), to: &ranges)
                last = standard
            }
            let verdict: UInt32
            switch slots[place] {
            case .nothing: verdict = standard
            case .verdict(let own): verdict = own
            case .rules(let index):
                Self.append(
                    .rules(conditional[Int(index)]), from: Self.number(at: place), to: &ranges)
                last = nil
                continue
            }
            if verdict == last { continue }
            Self.append(.verdict(verdict), from: Self.number(at: place), to: &ranges)
            last = verdict
        }
        let end = UInt32(Self.placeCount) + (architecture == .arm ? Self.privateBase : 0)
        Self.append(.verdict(standard), from: end, to: &ranges)
        return ranges
    }

    /// Begins a range, joining it with the one before where both have one verdict.
    static func append(_ outcome: Outcome, from start: UInt32, to ranges: inout [Range]) {
        if let last = ranges.last {
            if last.outcome.isSame(as: outcome) { return }
            if last.start == start {
                ranges.removeLast()
                return append(outcome, from: start, to: &ranges)
            }
        }
        ranges.append(Range(start: start, outcome: outcome))
    }

    private static func place(of number: UInt32) -> Int {
        number < privateBase ? Int(number) : Int(number - privateBase) + placeCount
    }

    private static func number(at place: Int) -> UInt32 {
        place < placeCount ? UInt32(place) : UInt32(place - placeCount) + privateBase
    }
}

/// A call that i386 also has as a number in the first argument of socketcall(2) or ipc(2).
struct MultiplexedCall: Sendable {
    /// The number of socketcall or ipc.
    let number: UInt32
    /// The first argument.
    let code: UInt64

    /// - Parameter entry: the call's entry in the table.
    init?(entry: Int) {
        let code = Int(Self.codes[entry])
        if code == 0 { return nil }
        let isOfIPC = code > Self.ipcBase
        number = isOfIPC ? 117 : 102
        self.code = UInt64(isOfIPC ? code - Self.ipcBase : code)
    }

    /// The codes by entries of the table: 0 of other calls, those of ipc(2) above ``ipcBase``.
    private static let codes: [UInt8] = {
        let table = SyscallTable.shared
        var codes = [UInt8](repeating: 0, count: table.count)
        for (index, name) in socketCalls.enumerated() {
            if let entry = table.entry(named: name) { codes[entry] = UInt8(index + 1) }
        }
        for (index, name) in ipcCalls.enumerated() {
            guard let entry = table.entry(named: name) else { continue }
            codes[entry] = UInt8(ipcBase + index / 4 * 10 + index % 4 + 1)
        }
        return codes
    }()

    private static let ipcBase = 100

    /// In the order of their codes (`linux/net.h`).
    private static let socketCalls = [
        "socket", "bind", "connect", "listen", "accept", "getsockname", "getpeername",
        "socketpair", "send", "recv", "sendto", "recvfrom", "shutdown", "setsockopt",
        "getsockopt", "sendmsg", "recvmsg", "accept4", "recvmmsg", "sendmmsg",
    ]

    /// In the order of their codes, which are 1 to 4, 11 to 14 and 21 to 24 (`linux/ipc.h`).
    private static let ipcCalls = [
        "semop", "semget", "semctl", "semtimedop", "msgsnd", "msgrcv", "msgget", "msgctl",
        "shmat", "shmdt", "shmget", "shmctl",
    ]
}
