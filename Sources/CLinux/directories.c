#define _GNU_SOURCE
#include "clinux_directories.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sched.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

int clinux_open_resolving(int directory, const char *path, int flags, uint64_t resolve) {
    struct open_how how = {.flags = (uint64_t)flags | O_CLOEXEC, .resolve = resolve};
    return (int)syscall(SYS_openat2, directory, path, &how, sizeof how);
}

int clinux_sync_file_system(int descriptor) { return syncfs(descriptor); }
int64_t clinux_getcwd(char *buffer, size_t size) { return syscall(SYS_getcwd, buffer, size); }
int clinux_start_writeback(int descriptor, int64_t offset, int64_t length) {
    return sync_file_range(descriptor, offset, length, SYNC_FILE_RANGE_WRITE);
}
int clinux_own_umask(void) { return unshare(CLONE_FS); }

/* The kernel has no *xattrat before 6.13: the directory's entry in /proc stands in for it. */
static int path_through_proc(char *buffer, size_t size, int directory, const char *name) {
    int length = snprintf(buffer, size, "/proc/self/fd/%d/%s", directory, name);
    if (length > 0 && (size_t)length < size) return 0;
    errno = ENAMETOOLONG;
    return -1;
}

int clinux_setxattr_at(int directory, const char *name, const char *attribute, const void *value,
                       size_t size) {
    char path[400];
    if (path_through_proc(path, sizeof path, directory, name) == -1) return -1;
    return lsetxattr(path, attribute, value, size, 0);
}

int64_t clinux_getxattr_at(int directory, const char *name, const char *attribute, void *value,
                           size_t size) {
    char path[400];
    if (path_through_proc(path, sizeof path, directory, name) == -1) return -1;
    return lgetxattr(path, attribute, value, size);
}

int64_t clinux_listxattr_at(int directory, const char *name, void *list, size_t size) {
    char path[400];
    if (path_through_proc(path, sizeof path, directory, name) == -1) return -1;
    return llistxattr(path, list, size);
}
