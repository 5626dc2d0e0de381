#ifndef CLINUX_NAMESPACE_H
#define CLINUX_NAMESPACE_H

#include <stdint.h>

/// unshare(2).
int32_t clinux_unshare(int32_t flags);
/// setns(2).
int32_t clinux_setns(int32_t descriptor, int32_t kinds);
/// ioctl_ns(2), NS_GET_NSTYPE: the CLONE_NEW… flag of a namespace's descriptor.
int32_t clinux_ns_get_nstype(int32_t descriptor);
/// ioctl_ns(2), NS_GET_USERNS: the user namespace that owns a namespace.
int32_t clinux_ns_get_userns(int32_t descriptor);
/// listmount(2): how many mounts the process sees, counted up to a few thousand; since Linux 6.8.
int64_t clinux_count_mounts(uint64_t most);
/// sethostname(2) and setdomainname(2).
int32_t clinux_sethostname(const char *name, uint64_t count);
int32_t clinux_setdomainname(const char *name, uint64_t count);

#endif
