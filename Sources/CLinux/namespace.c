#define _GNU_SOURCE
#include "clinux_namespace.h"

#include <linux/nsfs.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <unistd.h>

int32_t clinux_unshare(int32_t flags) { return unshare(flags); }

int32_t clinux_setns(int32_t descriptor, int32_t kinds) { return setns(descriptor, kinds); }

int32_t clinux_ns_get_nstype(int32_t descriptor) { return ioctl(descriptor, NS_GET_NSTYPE); }

int32_t clinux_ns_get_userns(int32_t descriptor) { return ioctl(descriptor, NS_GET_USERNS); }

int32_t clinux_ns_mount_count(int32_t descriptor, uint32_t *count) {
    // struct mnt_ns_info and NS_MNT_GET_INFO, which older headers do not have.
    struct {
        uint32_t size;
        uint32_t mounts;
        uint64_t id;
    } info = {.size = sizeof info};
    int32_t result = ioctl(descriptor, _IOR(NSIO, 10, info), &info);
    *count = info.mounts;
    return result;
}

int32_t clinux_sethostname(const char *name, uint64_t count) { return sethostname(name, count); }

int32_t clinux_setdomainname(const char *name, uint64_t count) {
    return setdomainname(name, count);
}
