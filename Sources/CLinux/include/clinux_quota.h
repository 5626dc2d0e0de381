#ifndef CLINUX_QUOTA_H
#define CLINUX_QUOTA_H

#include <stdint.h>

/// ioctl(2) with FS_IOC_FSGETXATTR: the project of a file and its FS_XFLAG_….
int32_t clinux_get_project(int32_t file, uint32_t *project, uint32_t *flags);
/// ioctl(2) with FS_IOC_FSSETXATTR.
int32_t clinux_set_project(int32_t file, uint32_t project, uint32_t flags);
/// quotactl_fd(2) with Q_GETQUOTA and PRJQUOTA, on the file system of a file.
int32_t clinux_get_project_quota(
    int32_t file, uint32_t project, uint64_t *limit_in_bytes, uint64_t *use_in_bytes);
/// quotactl_fd(2) with Q_SETQUOTA and PRJQUOTA; 0 takes the limit away.
int32_t clinux_set_project_quota(int32_t file, uint32_t project, uint64_t limit_in_bytes);

#endif
