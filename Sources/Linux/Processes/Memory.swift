import CLinux

/// Makes large buffers go back to the kernel as soon as they are freed.
///
/// A program whose threads hand buffers to each other otherwise keeps holes in the heap of each
/// thread: a pull takes three times the memory for it. The setting is `M_MMAP_THRESHOLD` of
/// `mallopt(3)`.
///
/// - Parameter limitInBytes: buffers of this size and more get a mapping of their own.
package func returnFreedBuffers(from limitInBytes: Int32) {
    let accepted = clinux_mmap_threshold(limitInBytes)
    precondition(accepted == 1, "mallopt takes every size up to half a heap")
}

/// Gives the kernel back the memory that the heap and the stack have used and do not use now, and
/// pages of variables that are zeros again.
///
/// It is for a process of one thread that has done its work and waits, perhaps for months
/// (malloc_trim(3), madvise(2) with `MADV_DONTNEED`).
package func releaseUnusedMemory() { clinux_release_unused_memory() }
