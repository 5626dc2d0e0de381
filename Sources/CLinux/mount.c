#define _GNU_SOURCE
#include "clinux_mount.h"

#include <linux/mount.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

int32_t clinux_pivot_root(const char *new_root, const char *put_old) {
    return (int32_t)syscall(SYS_pivot_root, new_root, put_old);
}

int32_t clinux_fsopen(const char *type, uint32_t flags) {
    return (int32_t)syscall(SYS_fsopen, type, flags);
}

int32_t clinux_fsconfig(
    int32_t context, uint32_t command, const char *key, const void *value, int32_t auxiliary) {
    return (int32_t)syscall(SYS_fsconfig, context, command, key, value, auxiliary);
}

int32_t clinux_fsmount(int32_t context, uint32_t flags, uint32_t attributes) {
    return (int32_t)syscall(SYS_fsmount, context, flags, attributes);
}

int32_t clinux_open_tree(int32_t directory, const char *path, uint32_t flags) {
    return (int32_t)syscall(SYS_open_tree, directory, path, flags);
}

int32_t clinux_move_mount(
    int32_t from_directory, const char *from, int32_t to_directory, const char *to,
    uint32_t flags) {
    return (int32_t)syscall(SYS_move_mount, from_directory, from, to_directory, to, flags);
}

int32_t clinux_mount_setattr(
    int32_t directory, const char *path, uint32_t flags, uint64_t set, uint64_t clear,
    uint64_t propagation, uint64_t user_namespace) {
    struct mount_attr attributes = {
        .attr_set = set,
        .attr_clr = clear,
        .propagation = propagation,
        .userns_fd = user_namespace,
    };
    return (int32_t)syscall(
        SYS_mount_setattr, directory, path, flags, &attributes, sizeof attributes);
}

int32_t clinux_fstatfs(int32_t descriptor, uint64_t *type, uint64_t *flags) {
    struct statfs status = {0};
    int32_t result = fstatfs(descriptor, &status);
    *type = (uint64_t)status.f_type;
    *flags = (uint64_t)status.f_flags;
    return result;
}
