#ifndef CLINUX_SECURITY_H
#define CLINUX_SECURITY_H

#include <stdint.h>

/// capget(2) of a process (0 = the caller), version 3, as 64-bit masks.
int32_t clinux_capget(
    int32_t process, uint64_t *effective, uint64_t *permitted, uint64_t *inheritable);
/// capset(2) of the caller, version 3.
int32_t clinux_capset(uint64_t effective, uint64_t permitted, uint64_t inheritable);

#endif
