#ifndef CLINUX_SECCOMP_H
#define CLINUX_SECCOMP_H

#include <stdint.h>

/// seccomp(2), SECCOMP_SET_MODE_FILTER; each instruction is a struct sock_filter.
int32_t clinux_seccomp_set_filter(
    uint32_t flags, uint16_t count, const uint64_t *instructions);

#endif
