#ifndef CLINUX_SECURITY_H
#define CLINUX_SECURITY_H

#include <stdint.h>

/// capget(2) of a process (0 = the caller), version 3, as 64-bit masks.
int32_t clinux_capget(
    int32_t process, uint64_t *effective, uint64_t *permitted, uint64_t *inheritable);
/// capset(2) of the caller, version 3.
int32_t clinux_capset(uint64_t effective, uint64_t permitted, uint64_t inheritable);

/// prctl(2).
int32_t clinux_prctl(
    int32_t operation, uint64_t second, uint64_t third, uint64_t fourth, uint64_t fifth);

/// setresuid(2), setresgid(2), setgroups(2).
int32_t clinux_setresuid(uint32_t real, uint32_t effective, uint32_t saved);
int32_t clinux_setresgid(uint32_t real, uint32_t effective, uint32_t saved);
int32_t clinux_setgroups(uint64_t count, const uint32_t *groups);

/// keyctl(2) with KEYCTL_JOIN_SESSION_KEYRING.
int64_t clinux_keyctl_join(const char *name);
/// keyctl(2) with KEYCTL_GET_KEYRING_ID, KEYCTL_SETPERM and similar integer operations.
int64_t clinux_keyctl(int32_t operation, uint64_t second, uint64_t third);

/// prlimit(2): sets a limit (new values given) or reads it.
int32_t clinux_set_limit(int32_t process, int32_t resource, uint64_t soft, uint64_t hard);
int32_t clinux_get_limit(int32_t process, int32_t resource, uint64_t *soft, uint64_t *hard);

/// personality(2).
int32_t clinux_personality(uint64_t persona);

#endif
