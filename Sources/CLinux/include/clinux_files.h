#ifndef CLINUX_FILES_H
#define CLINUX_FILES_H

#include <stdint.h>

// open(2) flags that differ between architectures or need _GNU_SOURCE.
extern const int32_t clinux_O_DIRECTORY;
extern const int32_t clinux_O_NOFOLLOW;
extern const int32_t clinux_O_PATH;
extern const int32_t clinux_O_TMPFILE;
extern const int32_t clinux_O_DIRECT;

/// openat2(2): opens a path under the resolve flags (RESOLVE_…).
int32_t clinux_openat2(
    int32_t directory, const char *path, uint64_t flags, uint64_t mode, uint64_t resolve);

/// statx(2) for the mount's id alone (STATX_MNT_ID).
int32_t clinux_mount_id(int32_t directory, const char *path, int32_t flags, uint64_t *id);

/// statx(2) for when the file was made (STATX_BTIME); 0 seconds and nanoseconds where the file
/// system does not say.
int32_t clinux_birth_time(
    int32_t directory, const char *path, int32_t flags, int64_t *seconds, uint32_t *nanoseconds);

/// pipe2(2).
int32_t clinux_pipe2(int32_t *descriptors, int32_t flags);
/// dup3(2) with O_CLOEXEC or 0.
int32_t clinux_dup3(int32_t from, int32_t to, int32_t flags);
/// fcntl(2) with an integer argument.
int32_t clinux_fcntl(int32_t descriptor, int32_t command, int32_t argument);
/// memfd_create(2).
int32_t clinux_memfd_create(const char *name, uint32_t flags);
/// renameat2(2).
int32_t clinux_renameat2(
    int32_t from_directory, const char *from, int32_t to_directory, const char *to,
    uint32_t flags);
/// copy_file_range(2) from and to the current offsets.
int64_t clinux_copy_file_range(int32_t from, int32_t to, uint64_t count);
/// fallocate(2).
int32_t clinux_fallocate(int32_t descriptor, int32_t mode, int64_t offset, int64_t count);
/// getrandom(2).
int64_t clinux_getrandom(void *buffer, uint64_t count, uint32_t flags);
/// getdents64(2).
int64_t clinux_getdents64(int32_t directory, void *buffer, uint64_t size);

/// fanotify_init(2).
int32_t clinux_fanotify_init(uint32_t flags, uint32_t file_flags);
/// fanotify_mark(2) of an open file.
int32_t clinux_fanotify_mark(int32_t group, uint32_t flags, uint64_t mask, int32_t descriptor);

/// lgetxattr(2), lsetxattr(2), llistxattr(2), lremovexattr(2).
int64_t clinux_lgetxattr(const char *path, const char *name, void *value, uint64_t size);
int32_t clinux_lsetxattr(
    const char *path, const char *name, const void *value, uint64_t size, int32_t flags);
int64_t clinux_llistxattr(const char *path, char *names, uint64_t size);
int32_t clinux_lremovexattr(const char *path, const char *name);
/// fgetxattr(2), fsetxattr(2), flistxattr(2).
int64_t clinux_fgetxattr(int32_t descriptor, const char *name, void *value, uint64_t size);
int32_t clinux_fsetxattr(
    int32_t descriptor, const char *name, const void *value, uint64_t size, int32_t flags);
int64_t clinux_flistxattr(int32_t descriptor, char *names, uint64_t size);

#endif
