#define _GNU_SOURCE
#include "clinux_seccomp.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>
#include <unistd.h>

int32_t clinux_seccomp_set_filter(
    uint32_t flags, uint16_t count, const uint64_t *instructions) {
    struct sock_fprog program = {count, (struct sock_filter *)instructions};
    return (int32_t)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
}
