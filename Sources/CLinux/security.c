#define _GNU_SOURCE
#include "clinux_security.h"

#include <linux/capability.h>
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
