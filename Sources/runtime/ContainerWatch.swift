import ContainerRuntime
import Linux

/// Waits for what `events` tells of a container: its end, want of memory, and the time to measure.
struct ContainerWatch: ~Copyable {
    private let epoll: Epoll
    private let timer: TimerDescriptor
    private var memory: OutOfMemoryEvents?
    private let intervalInMilliseconds: Int64

    /// What has happened.
    struct Happened: OptionSet {
        let rawValue: UInt64

        static let end = Happened(rawValue: 1)
        static let time = Happened(rawValue: 2)
        static let outOfMemory = Happened(rawValue: 4)
    }

    private init(
        epoll: consuming Epoll, timer: consuming TimerDescriptor,
        memory: consuming OutOfMemoryEvents?, intervalInMilliseconds: Int64
    ) {
        self.epoll = epoll
        self.timer = timer
        self.memory = memory
        self.intervalInMilliseconds = intervalInMilliseconds
    }

    /// Watches a container from now on.
    static func begin(
        _ container: borrowing ObservedContainer, intervalInMilliseconds interval: Int64
    ) throws(SystemCallError) -> ContainerWatch {
        let timer = try TimerDescriptor()
        try timer.set(milliseconds: interval)
        let epoll = try Epoll()
        try epoll.add(
            container.process.descriptor, .readable, token: Happened.end.rawValue)
        try epoll.add(timer.descriptor, .readable, token: Happened.time.rawValue)
        let memory = try OutOfMemoryEvents.watch(container.cgroup)
        switch memory {
        case .some(let memory):
            try epoll.add(
                memory.descriptor, memory.readiness, token: Happened.outOfMemory.rawValue)
        case .none: break
        }
        return ContainerWatch(
            epoll: epoll, timer: timer, memory: memory, intervalInMilliseconds: interval)
    }

    /// Waits for the next thing to happen.
    mutating func next() throws(SystemCallError) -> Happened {
        var happened = try epoll.wait(milliseconds: nil).map { Happened(rawValue: $0.token) }
            .reduce(into: Happened()) { $0.formUnion($1) }
        // Only a question tells; and the last kill may come together with the end.
        happened.remove(.outOfMemory)
        if try memory?.haveHappened() == true { happened.insert(.outOfMemory) }
        if happened.contains(.time) {
            _ = try timer.expirations()
            try timer.set(milliseconds: intervalInMilliseconds)
        }
        return happened
    }
}
