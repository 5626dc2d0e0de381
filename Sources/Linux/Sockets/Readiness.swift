import CLinux

/// What can happen on a descriptor (`poll(2)`, `epoll(7)`; the bits are the same).
package struct ReadinessEvents: OptionSet, Sendable {
    package let rawValue: UInt32
    package init(rawValue: UInt32) { self.rawValue = rawValue }

    /// All of them; the generic initializer would look up conformances at run time.
    package init(arrayLiteral events: ReadinessEvents...) {
        var bits: UInt32 = 0
        for event in events { bits |= event.rawValue }
        rawValue = bits
    }

    /// Whether nothing happened.
    package var isEmpty: Bool { rawValue == 0 }

    package static func == (one: ReadinessEvents, other: ReadinessEvents) -> Bool {
        one.rawValue == other.rawValue
    }

    /// Adds events.
    package mutating func insert(_ events: ReadinessEvents) {
        self = ReadinessEvents(rawValue: rawValue | events.rawValue)
    }

    /// Whether all of some events are among these.
    package func contains(_ events: ReadinessEvents) -> Bool {
        rawValue & events.rawValue == events.rawValue
    }

    /// Whether some of other events are among these.
    package func containsAny(of others: ReadinessEvents) -> Bool {
        rawValue & others.rawValue != 0
    }

    /// `EPOLLIN`: there is something to read, or the end.
    package static let readable = ReadinessEvents(rawValue: 0x001)
    /// `EPOLLPRI`: something out of the ordinary, such as a changed file of a cgroup.
    package static let urgent = ReadinessEvents(rawValue: 0x002)
    /// `EPOLLOUT`: there is room to write.
    package static let writable = ReadinessEvents(rawValue: 0x004)
    /// `EPOLLERR`: an error, or the reader of a pipe is gone; always reported.
    package static let error = ReadinessEvents(rawValue: 0x008)
    /// `EPOLLHUP`: the other side is gone; always reported.
    package static let hangUp = ReadinessEvents(rawValue: 0x010)
    /// `EPOLLRDHUP`: the other side of a socket writes no more.
    package static let peerStoppedWriting = ReadinessEvents(rawValue: 0x2000)
}

/// Many descriptors to wait for at once (`epoll(7)`).
package struct Epoll: ~Copyable, Sendable {
    private let epoll: OwnedFD

    /// What happened, and the token that the descriptor was added with.
    package struct Event: Sendable {
        package var token: UInt64
        package var events: ReadinessEvents
    }

    package init() throws(SystemCallError) {
        epoll = OwnedFD(adopting: try kernel("epoll_create1", "") { clinux_epoll_create() })
    }

    /// Waits for events on one more descriptor.
    ///
    /// - Throws: `EPERM` for a regular file, which is always ready.
    package borrowing func add(
        _ descriptor: borrowing OwnedFD, _ events: ReadinessEvents, token: UInt64
    ) throws(SystemCallError) {
        try add(rawDescriptor: descriptor.rawValue, events, token: token)
    }

    /// Waits for events on a descriptor that the process was given, such as 0.
    package borrowing func add(
        rawDescriptor descriptor: CInt, _ events: ReadinessEvents, token: UInt64
    ) throws(SystemCallError) {
        try control(1, descriptor, events, token)  // EPOLL_CTL_ADD
    }

    /// Waits for other events on a descriptor.
    package borrowing func change(
        rawDescriptor descriptor: CInt, to events: ReadinessEvents, token: UInt64
    ) throws(SystemCallError) {
        try control(3, descriptor, events, token)  // EPOLL_CTL_MOD
    }

    /// Waits for a descriptor no longer; closing its last copy does the same.
    package borrowing func remove(rawDescriptor descriptor: CInt) throws(SystemCallError) {
        try control(2, descriptor, [], 0)  // EPOLL_CTL_DEL
    }

    /// Waits until something happens, or for so long; nil waits for ever.
    ///
    /// - Returns: at most 32 events; none when the time is over.
    package borrowing func wait(milliseconds: CInt?) throws(SystemCallError) -> [Event] {
        let size = Int(clinux_epoll_event_size)
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 32 * size, alignment: 8)
        defer { buffer.deallocate() }
        let descriptor = epoll.rawValue
        let count = try kernel("epoll_wait", "") {
            clinux_epoll_wait(descriptor, buffer.baseAddress, 32, milliseconds ?? -1)
        }
        return (0..<Int(count)).map { index in
            let start = index * size
            return Event(
                token: buffer.loadUnaligned(
                    fromByteOffset: start + Int(clinux_epoll_data_offset), as: UInt64.self),
                events: ReadinessEvents(
                    rawValue: buffer.loadUnaligned(fromByteOffset: start, as: UInt32.self)))
        }
    }

    private borrowing func control(
        _ operation: CInt, _ descriptor: CInt, _ events: ReadinessEvents, _ token: UInt64
    ) throws(SystemCallError) {
        let epoll = epoll.rawValue
        try kernel("epoll_ctl", describe(descriptor)) {
            clinux_epoll_ctl(epoll, operation, descriptor, events.rawValue, token)
        }
    }
}

/// Waiting for a few descriptors once (`poll(2)`).
package enum Poll {
    /// Waits until something happens on one of the descriptors, or for so long.
    ///
    /// - Parameters:
    ///   - descriptors: the numbers of open descriptors.
    ///   - events: what to wait for, on all of them.
    ///   - milliseconds: nil waits for ever.
    /// - Returns: what happened, in the order of the descriptors; all empty when the time is over.
    /// - Throws: the kernel's refusal.
    package static func wait(
        for descriptors: [CInt], _ events: ReadinessEvents, milliseconds: CInt?
    ) throws(SystemCallError) -> [ReadinessEvents] {
        var refusal: SystemCallError?
        let happened = withUnsafeTemporaryAllocation(of: Entry.self, capacity: descriptors.count) {
            entries in
            for (index, descriptor) in descriptors.enumerated() {
                entries.initializeElement(
                    at: index,
                    to: Entry(descriptor: descriptor, events: Int16(events.rawValue)))
            }
            do throws(SystemCallError) {
                try kernel("poll", "") {
                    clinux_poll(
                        entries.baseAddress, UInt64(descriptors.count), milliseconds ?? -1)
                }
            } catch {
                refusal = error
            }
            return entries.map {
                ReadinessEvents(rawValue: UInt32(UInt16(bitPattern: $0.happened)))
            }
        }
        if let refusal { throw refusal }
        return happened
    }

    /// Waits as ``wait(for:_:milliseconds:)`` does, for three descriptors to become readable.
    ///
    /// The last wait of a runtime in the foreground does without arrays, whose types it would have
    /// to make first.
    ///
    /// - Parameters:
    ///   - first: the number of an open descriptor; −1 is none.
    ///   - second: another.
    ///   - third: another.
    ///   - milliseconds: nil waits for ever.
    /// - Returns: which of them are, or have come to their end.
    /// - Throws: the kernel's refusal.
    package static func waitForAny(
        of first: CInt, _ second: CInt, _ third: CInt, milliseconds: CInt?
    ) throws(SystemCallError) -> Three {
        let events = Int16(ReadinessEvents.readable.rawValue)
        var entries = (
            Entry(descriptor: first, events: events), Entry(descriptor: second, events: events),
            Entry(descriptor: third, events: events)
        )
        try kernel("poll", "") {
            withUnsafeMutablePointer(to: &entries) { clinux_poll($0, 3, milliseconds ?? -1) }
        }
        return Three(
            first: entries.0.happened != 0, second: entries.1.happened != 0,
            third: entries.2.happened != 0)
    }

    /// Something about each of three descriptors.
    package struct Three: Sendable {
        package let first: Bool
        package let second: Bool
        package let third: Bool
    }

    /// `struct pollfd`.
    private struct Entry {
        var descriptor: CInt
        var events: Int16
        var happened: Int16 = 0
    }
}
