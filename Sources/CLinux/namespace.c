#define _GNU_SOURCE
#include "clinux_namespace.h"

#include <linux/nsfs.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

int32_t clinux_unshare(int32_t flags) { return unshare(flags); }

int32_t clinux_setns(int32_t descriptor, int32_t kinds) { return setns(descriptor, kinds); }

int32_t clinux_ns_get_nstype(int32_t descriptor) { return ioctl(descriptor, NS_GET_NSTYPE); }

int32_t clinux_ns_get_userns(int32_t descriptor) { return ioctl(descriptor, NS_GET_USERNS); }

int64_t clinux_count_mounts(uint64_t most) {
    // struct mnt_id_req, LSMT_ROOT and SYS_listmount, which older headers do not have.
    struct {
        uint32_t size;
        uint32_t spare;
        uint64_t mount;
        uint64_t after;
    } request = {.size = sizeof request, .mount = UINT64_MAX};
    uint64_t mounts[most];
    return syscall(458, &request, mounts, most, 0);
}

int32_t clinux_sethostname(const char *name, uint64_t count) { return sethostname(name, count); }

int32_t clinux_setdomainname(const char *name, uint64_t count) {
    return setdomainname(name, count);
}
