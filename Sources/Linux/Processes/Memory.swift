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
