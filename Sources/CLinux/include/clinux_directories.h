#ifndef CLINUX_DIRECTORIES_H
#define CLINUX_DIRECTORIES_H

#include <stddef.h>
#include <stdint.h>

/* openat2(2) with O_CLOEXEC and the given RESOLVE_ bits. */
int clinux_open_resolving(int directory, const char *path, int flags, uint64_t resolve);
/* syncfs(2): every file system buffer of the descriptor's file system to the disk. */
int clinux_sync_file_system(int descriptor);
/* getcwd(2), the system call itself: the C library's would walk up where the kernel says that the
   directory is out of reach. Returns the length with the terminating zero byte. */
int64_t clinux_getcwd(char *buffer, size_t size);
/* sync_file_range(2) with SYNC_FILE_RANGE_WRITE: begins to write dirty pages to the disk. */
int clinux_start_writeback(int descriptor, int64_t offset, int64_t length);
/* unshare(CLONE_FS): this thread gets its own umask and working directory. */
int clinux_own_umask(void);

/* Extended attributes of `name` in a directory, not following a link; see xattr(7). */
int clinux_setxattr_at(int directory, const char *name, const char *attribute, const void *value,
                       size_t size);
int64_t clinux_getxattr_at(int directory, const char *name, const char *attribute, void *value,
                           size_t size);
int64_t clinux_listxattr_at(int directory, const char *name, void *list, size_t size);

#endif
