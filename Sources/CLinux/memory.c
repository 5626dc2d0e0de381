#include "clinux_memory.h"

#include <malloc.h>

int32_t clinux_mmap_threshold(int32_t bytes) { return mallopt(M_MMAP_THRESHOLD, bytes); }
