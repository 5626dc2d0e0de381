#define _GNU_SOURCE
#include "clinux_files.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

const int32_t clinux_O_DIRECTORY = O_DIRECTORY;
const int32_t clinux_O_NOFOLLOW = O_NOFOLLOW;
const int32_t clinux_O_PATH = O_PATH;
const int32_t clinux_O_TMPFILE = O_TMPFILE;
const int32_t clinux_O_DIRECT = O_DIRECT;

int32_t clinux_openat2(
    int32_t directory, const char *path, uint64_t flags, uint64_t mode, uint64_t resolve) {
    struct open_how how = {.flags = flags, .mode = mode, .resolve = resolve};
    return (int32_t)syscall(SYS_openat2, directory, path, &how, sizeof how);
}

int32_t clinux_mount_id(int32_t directory, const char *path, int32_t flags, uint64_t *id) {
    struct statx status = {0};
    int32_t result = statx(directory, path, flags, STATX_MNT_ID, &status);
    *id = status.stx_mnt_id;
    return result;
}

int32_t clinux_birth_time(
    int32_t directory, const char *path, int32_t flags, int64_t *seconds, uint32_t *nanoseconds) {
    struct statx status = {0};
    int32_t result = statx(directory, path, flags, STATX_BTIME, &status);
    *seconds = status.stx_mask & STATX_BTIME ? status.stx_btime.tv_sec : 0;
    *nanoseconds = status.stx_mask & STATX_BTIME ? status.stx_btime.tv_nsec : 0;
    return result;
}

int32_t clinux_pipe2(int32_t *descriptors, int32_t flags) { return pipe2(descriptors, flags); }

int32_t clinux_dup3(int32_t from, int32_t to, int32_t flags) { return dup3(from, to, flags); }

int32_t clinux_fcntl(int32_t descriptor, int32_t command, int32_t argument) {
    return fcntl(descriptor, command, argument);
}

int32_t clinux_memfd_create(const char *name, uint32_t flags) { return memfd_create(name, flags); }

int32_t clinux_renameat2(
    int32_t from_directory, const char *from, int32_t to_directory, const char *to,
    uint32_t flags) {
    return renameat2(from_directory, from, to_directory, to, flags);
}

int64_t clinux_copy_file_range(int32_t from, int32_t to, uint64_t count) {
    return copy_file_range(from, NULL, to, NULL, count, 0);
}

int32_t clinux_fallocate(int32_t descriptor, int32_t mode, int64_t offset, int64_t count) {
    return fallocate(descriptor, mode, offset, count);
}

int64_t clinux_getrandom(void *buffer, uint64_t count, uint32_t flags) {
    return getrandom(buffer, count, flags);
}

int64_t clinux_getdents64(int32_t directory, void *buffer, uint64_t size) {
    return syscall(SYS_getdents64, directory, buffer, size);
}

int32_t clinux_fanotify_init(uint32_t flags, uint32_t file_flags) {
    return (int32_t)syscall(SYS_fanotify_init, flags, file_flags);
}
int32_t clinux_fanotify_mark(int32_t group, uint32_t flags, uint64_t mask, int32_t descriptor) {
    return (int32_t)syscall(SYS_fanotify_mark, group, flags, mask, descriptor, NULL);
}

int64_t clinux_lgetxattr(const char *path, const char *name, void *value, uint64_t size) {
    return lgetxattr(path, name, value, size);
}
int32_t clinux_lsetxattr(
    const char *path, const char *name, const void *value, uint64_t size, int32_t flags) {
    return lsetxattr(path, name, value, size, flags);
}
int64_t clinux_llistxattr(const char *path, char *names, uint64_t size) {
    return llistxattr(path, names, size);
}
int32_t clinux_lremovexattr(const char *path, const char *name) {
    return lremovexattr(path, name);
}
int64_t clinux_fgetxattr(int32_t descriptor, const char *name, void *value, uint64_t size) {
    return fgetxattr(descriptor, name, value, size);
}
int32_t clinux_fsetxattr(
    int32_t descriptor, const char *name, const void *value, uint64_t size, int32_t flags) {
    return fsetxattr(descriptor, name, value, size, flags);
}
int64_t clinux_flistxattr(int32_t descriptor, char *names, uint64_t size) {
    return flistxattr(descriptor, names, size);
}
