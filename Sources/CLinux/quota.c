#include "clinux_quota.h"

#include <linux/dqblk_xfs.h>
#include <linux/fs.h>
#include <linux/quota.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_quotactl_fd
#define SYS_quotactl_fd 443
#endif

int32_t clinux_get_project(int32_t file, uint32_t *project, uint32_t *flags) {
    struct fsxattr attributes = {0};
    int32_t result = ioctl(file, FS_IOC_FSGETXATTR, &attributes);
    *project = attributes.fsx_projid;
    *flags = attributes.fsx_xflags;
    return result;
}

int32_t clinux_set_project(int32_t file, uint32_t project, uint32_t flags) {
    struct fsxattr attributes = {.fsx_projid = project, .fsx_xflags = flags};
    return ioctl(file, FS_IOC_FSSETXATTR, &attributes);
}

int32_t clinux_get_project_quota(
    int32_t file, uint32_t project, uint64_t *limit_in_bytes, uint64_t *use_in_bytes) {
    struct if_dqblk quota = {0};
    int32_t result = (int32_t)syscall(
        SYS_quotactl_fd, file, QCMD(Q_GETQUOTA, PRJQUOTA), project, &quota);
    *limit_in_bytes = quota.dqb_bhardlimit * QIF_DQBLKSIZE;
    *use_in_bytes = quota.dqb_curspace;
    return result;
}

int32_t clinux_set_project_quota(int32_t file, uint32_t project, uint64_t limit_in_bytes) {
    uint64_t blocks = (limit_in_bytes + QIF_DQBLKSIZE - 1) / QIF_DQBLKSIZE;
    struct if_dqblk quota = {
        .dqb_bhardlimit = blocks, .dqb_bsoftlimit = blocks, .dqb_valid = QIF_BLIMITS};
    return (int32_t)syscall(
        SYS_quotactl_fd, file, QCMD(Q_SETQUOTA, PRJQUOTA), project, &quota);
}
