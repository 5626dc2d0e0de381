import Glibc

/// The monotonic clock, in nanoseconds (clock_gettime(2)).
package func monotonicNanoseconds() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}

/// The real time, in nanoseconds since 1970 (clock_gettime(2)).
package func realTimeInNanoseconds() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
}

/// Waits for about so long; a signal may end it earlier (usleep(3)).
package func pause(microseconds: UInt32) {
    usleep(microseconds)
}
