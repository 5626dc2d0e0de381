import Linux

/// The moment after which a program is killed; none for one that may run for ever.
struct Deadline {
    private let endInNanoseconds: UInt64?

    init(inMilliseconds limit: CInt?) {
        endInNanoseconds = limit.map { monotonicNanoseconds() + UInt64(max(0, $0)) * 1_000_000 }
    }

    /// How long to wait for the program at most; nil is for ever.
    var restInMilliseconds: CInt? {
        guard let end = endInNanoseconds else { return nil }
        let now = monotonicNanoseconds()
        // Rounded up, so that it is over afterwards.
        return now >= end ? 0 : CInt(clamping: (end - now) / 1_000_000 + 1)
    }

    var isOver: Bool { restInMilliseconds == 0 }
}
