#include "clinux_memory.h"

#include <malloc.h>
#include <stdint.h>
#include <sys/mman.h>

static const uintptr_t page_size = 4096;

int32_t clinux_mmap_threshold(int32_t bytes) { return mallopt(M_MMAP_THRESHOLD, bytes); }

// What was used of the stack lies below the caller, whose own frame and that of the call are small.
// The range may begin where there is no stack yet, which the kernel passes over.
static void release_stack(uintptr_t caller) {
    const uintptr_t depth = 1 << 20, frames = 1024;
    uintptr_t end = (caller - frames) & ~(page_size - 1);
    madvise((void *)(end - depth), depth, MADV_DONTNEED);
}

static int is_zero(const uint64_t *page) {
    for (unsigned i = 0; i < page_size / sizeof *page; i++)
        if (page[i]) return 0;
    return 1;
}

// The variables that begin as zeros, where the linker says; they have no file.
extern char __bss_start[], _end[];

// A lock that was taken and left, or a flag that is clear again, keeps a page of zeros. The kernel
// has such pages anyway. This is for a process of one thread: nobody writes meanwhile.
static void release_zeros(void) {
    enum { most = 512 };
    const uintptr_t start = ((uintptr_t)__bss_start + page_size - 1) & ~(page_size - 1);
    const uintptr_t end = (uintptr_t)_end & ~(page_size - 1);
    unsigned char is_resident[most];
    uintptr_t count = end > start ? (end - start) / page_size : 0;
    if (count > most) count = most;
    // What was never used is not to be touched for the question.
    if (count == 0 || mincore((void *)start, count * page_size, is_resident) != 0) return;
    for (uintptr_t i = 0; i < count; i++) {
        void *page = (void *)(start + i * page_size);
        if (is_resident[i] & 1 && is_zero(page)) madvise(page, page_size, MADV_DONTNEED);
    }
}

void clinux_release_unused_memory(void) {
    malloc_trim(0);
    release_zeros();
    release_stack((uintptr_t)__builtin_frame_address(0));
}
