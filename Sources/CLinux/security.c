#define _GNU_SOURCE
#include "clinux_security.h"

#include <grp.h>
#include <linux/capability.h>
#include <linux/keyctl.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

int32_t clinux_capget(
    int32_t process, uint64_t *effective, uint64_t *permitted, uint64_t *inheritable) {
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, process};
    struct __user_cap_data_struct data[2] = {{0}};
    int32_t result = (int32_t)syscall(SYS_capget, &header, data);
    *effective = data[0].effective | (uint64_t)data[1].effective << 32;
    *permitted = data[0].permitted | (uint64_t)data[1].permitted << 32;
    *inheritable = data[0].inheritable | (uint64_t)data[1].inheritable << 32;
    return result;
}

int32_t clinux_capset(uint64_t effective, uint64_t permitted, uint64_t inheritable) {
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[2] = {
        {(uint32_t)effective, (uint32_t)permitted, (uint32_t)inheritable},
        {(uint32_t)(effective >> 32), (uint32_t)(permitted >> 32), (uint32_t)(inheritable >> 32)},
    };
    return (int32_t)syscall(SYS_capset, &header, data);
}

int32_t clinux_prctl(
    int32_t operation, uint64_t second, uint64_t third, uint64_t fourth, uint64_t fifth) {
    return prctl(operation, second, third, fourth, fifth);
}

int32_t clinux_setresuid(uint32_t real, uint32_t effective, uint32_t saved) {
    return setresuid(real, effective, saved);
}

int32_t clinux_setresgid(uint32_t real, uint32_t effective, uint32_t saved) {
    return setresgid(real, effective, saved);
}

int32_t clinux_setgroups(uint64_t count, const uint32_t *groups) {
    return setgroups(count, groups);
}

int64_t clinux_keyctl_join(const char *name) {
    return syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, name, 0, 0, 0);
}

int64_t clinux_keyctl(int32_t operation, uint64_t second, uint64_t third) {
    return syscall(SYS_keyctl, operation, second, third, 0, 0);
}

int32_t clinux_set_limit(int32_t process, int32_t resource, uint64_t soft, uint64_t hard) {
    struct rlimit64 limit = {.rlim_cur = soft, .rlim_max = hard};
    return (int32_t)syscall(SYS_prlimit64, process, resource, &limit, NULL);
}

int32_t clinux_get_limit(int32_t process, int32_t resource, uint64_t *soft, uint64_t *hard) {
    struct rlimit64 limit = {0};
    int32_t result = (int32_t)syscall(SYS_prlimit64, process, resource, NULL, &limit);
    *soft = limit.rlim_cur;
    *hard = limit.rlim_max;
    return result;
}

int32_t clinux_personality(uint64_t persona) { return personality(persona); }
