#include "clinux_memory.h"

#include <malloc.h>
#include <stdint.h>
#include <sys/mman.h>

int32_t clinux_mmap_threshold(int32_t bytes) { return mallopt(M_MMAP_THRESHOLD, bytes); }

void clinux_release_unused_memory(void) {
    malloc_trim(0);
    // What was used of the stack lies below this call. The range may begin where there is none yet,
    // which the kernel passes over.
    const uintptr_t page = 4096, depth = 1 << 20;
    uintptr_t end = ((uintptr_t)__builtin_frame_address(0) & ~(page - 1)) - page;
    madvise((void *)(end - depth), depth, MADV_DONTNEED);
}
