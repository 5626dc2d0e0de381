#ifndef CLINUX_MOUNT_H
#define CLINUX_MOUNT_H

#include <stdint.h>

/// pivot_root(2).
int32_t clinux_pivot_root(const char *new_root, const char *put_old);
/// fsopen(2).
int32_t clinux_fsopen(const char *type, uint32_t flags);
/// fsconfig(2).
int32_t clinux_fsconfig(
    int32_t context, uint32_t command, const char *key, const void *value, int32_t auxiliary);
/// fsmount(2).
int32_t clinux_fsmount(int32_t context, uint32_t flags, uint32_t attributes);
/// open_tree(2).
int32_t clinux_open_tree(int32_t directory, const char *path, uint32_t flags);
/// move_mount(2).
int32_t clinux_move_mount(
    int32_t from_directory, const char *from, int32_t to_directory, const char *to,
    uint32_t flags);
/// mount_setattr(2).
int32_t clinux_mount_setattr(
    int32_t directory, const char *path, uint32_t flags, uint64_t set, uint64_t clear,
    uint64_t propagation, uint64_t user_namespace);
/// fstatfs(2): the file system's magic number and mount flags (ST_…).
int32_t clinux_fstatfs(int32_t descriptor, uint64_t *type, uint64_t *flags);

#endif
