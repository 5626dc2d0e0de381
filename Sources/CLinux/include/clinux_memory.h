#ifndef CLINUX_MEMORY_H
#define CLINUX_MEMORY_H

#include <stdint.h>

/// mallopt(3) with M_MMAP_THRESHOLD; 1 when it is accepted.
int32_t clinux_mmap_threshold(int32_t bytes);

/// Gives the kernel back what the heap and the stack have used and do not use now, and variables
/// that are zeros again; for a process of one thread.
void clinux_release_unused_memory(void);

#endif
