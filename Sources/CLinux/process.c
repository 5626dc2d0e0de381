#define _GNU_SOURCE
#include "clinux_process.h"

#include <linux/sched.h>
#include <linux/sched/types.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

int64_t clinux_clone3(uint64_t flags, int32_t exit_signal, int32_t cgroup, int32_t *pidfd) {
    struct clone_args args = {
        .flags = flags | (cgroup >= 0 ? CLONE_INTO_CGROUP : 0),
        .pidfd = (uint64_t)(uintptr_t)pidfd,
        .exit_signal = (uint64_t)exit_signal,
        .cgroup = cgroup >= 0 ? (uint64_t)cgroup : 0,
    };
    return syscall(SYS_clone3, &args, sizeof args);
}

int32_t clinux_pidfd_open(int32_t pid, uint32_t flags) {
    return (int32_t)syscall(SYS_pidfd_open, pid, flags);
}
int32_t clinux_pidfd_getfd(int32_t process, int32_t descriptor) {
    return (int32_t)syscall(SYS_pidfd_getfd, process, descriptor, 0);
}

int32_t clinux_pidfd_send_signal(int32_t pidfd, int32_t signal) {
    return (int32_t)syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0);
}

int32_t clinux_wait_pidfd(int32_t pidfd, int32_t options, int32_t *code, int32_t *status) {
    siginfo_t info = {0};
    int result = waitid((idtype_t)3 /* P_PIDFD */, (id_t)pidfd, &info, options);
    *code = info.si_code;
    *status = info.si_status;
    return result;
}

int32_t clinux_wait_any(int32_t options, int32_t *pid, int32_t *code, int32_t *status) {
    siginfo_t info = {0};
    int result = waitid(P_ALL, 0, &info, options);
    *pid = info.si_pid;
    *code = info.si_code;
    *status = info.si_status;
    return result;
}

int32_t clinux_close_range(uint32_t first, uint32_t last, uint32_t flags) {
    return (int32_t)syscall(SYS_close_range, first, last, flags);
}

int32_t clinux_prctl(int32_t option, uint64_t a, uint64_t b, uint64_t c, uint64_t d) {
    return prctl(option, a, b, c, d);
}

int32_t clinux_set_resource_limit(int32_t pid, int32_t resource, uint64_t soft, uint64_t hard) {
    uint64_t limit[2] = {soft, hard};
    return (int32_t)syscall(SYS_prlimit64, pid, resource, limit, NULL);
}

int32_t clinux_resource_limit(int32_t pid, int32_t resource, uint64_t *soft, uint64_t *hard) {
    uint64_t limit[2] = {0, 0};
    int32_t result = (int32_t)syscall(SYS_prlimit64, pid, resource, NULL, limit);
    *soft = limit[0];
    *hard = limit[1];
    return result;
}

int32_t clinux_setresuid(uint32_t real, uint32_t effective, uint32_t saved) {
    return (int32_t)syscall(SYS_setresuid, real, effective, saved);
}

int32_t clinux_setresgid(uint32_t real, uint32_t effective, uint32_t saved) {
    return (int32_t)syscall(SYS_setresgid, real, effective, saved);
}

uint32_t clinux_setfsuid(uint32_t id) { return (uint32_t)syscall(SYS_setfsuid, id); }

uint32_t clinux_setfsgid(uint32_t id) { return (uint32_t)syscall(SYS_setfsgid, id); }

int32_t clinux_setgroups(uint64_t count, const uint32_t *groups) {
    return (int32_t)syscall(SYS_setgroups, count, groups);
}

int32_t clinux_sched_setattr(int32_t pid, uint32_t policy, uint64_t flags, int32_t nice,
                             uint32_t priority, uint64_t runtime, uint64_t deadline,
                             uint64_t period) {
    struct {
        uint32_t size;
        uint32_t policy;
        uint64_t flags;
        int32_t nice;
        uint32_t priority;
        uint64_t runtime;
        uint64_t deadline;
        uint64_t period;
    } attributes = {48, policy, flags, nice, priority, runtime, deadline, period};
    return (int32_t)syscall(SYS_sched_setattr, pid, &attributes, 0);
}

int32_t clinux_ioprio_set(int32_t which, int32_t who, int32_t priority) {
    return (int32_t)syscall(SYS_ioprio_set, which, who, priority);
}

int32_t clinux_personality(uint64_t persona) {
    return (int32_t)syscall(SYS_personality, persona);
}

int64_t clinux_join_session_keyring(const char *name) {
    return syscall(SYS_keyctl, 1 /* KEYCTL_JOIN_SESSION_KEYRING */, name, 0, 0, 0);
}

int64_t clinux_set_key_permissions(int64_t key, uint32_t permissions) {
    return syscall(SYS_keyctl, 5 /* KEYCTL_SETPERM */, key, permissions, 0, 0);
}

int32_t clinux_set_signal_mask(uint64_t mask, uint64_t *old) {
    return (int32_t)syscall(SYS_rt_sigprocmask, SIG_SETMASK, &mask, old, sizeof mask);
}

int32_t clinux_default_signal(int32_t number) {
    return signal(number, SIG_DFL) == SIG_ERR ? -1 : 0;
}

int32_t clinux_sched_setaffinity(int32_t pid, uint64_t size, const uint64_t *mask) {
    return (int32_t)syscall(SYS_sched_setaffinity, pid, size, mask);
}

int32_t clinux_set_mempolicy(int32_t mode, const uint64_t *nodes, uint64_t count) {
    // The kernel takes one bit less than it is told.
    return (int32_t)syscall(SYS_set_mempolicy, mode, nodes, count == 0 ? 0 : count + 1);
}
