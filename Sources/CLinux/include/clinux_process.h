#ifndef CLINUX_PROCESS_H
#define CLINUX_PROCESS_H

#include <stdint.h>

/// clone3(2) without CLONE_VM: returns twice, like fork(2). `cgroup` is −1 for none.
int64_t clinux_clone3(uint64_t flags, int32_t exit_signal, int32_t cgroup, int32_t *pidfd);
/// pidfd_open(2).
int32_t clinux_pidfd_open(int32_t pid, uint32_t flags);
/// pidfd_getfd(2).
int32_t clinux_pidfd_getfd(int32_t process, int32_t descriptor);
/// pidfd_send_signal(2) without siginfo.
int32_t clinux_pidfd_send_signal(int32_t pidfd, int32_t signal);
/// waitid(2) on P_PIDFD; `code` is CLD_EXITED, CLD_KILLED…, or 0 when WNOHANG found nothing.
int32_t clinux_wait_pidfd(int32_t pidfd, int32_t options, int32_t *code, int32_t *status);
/// waitid(2) on P_ALL; `pid` is 0 when WNOHANG found nothing.
int32_t clinux_wait_any(int32_t options, int32_t *pid, int32_t *code, int32_t *status);
/// close_range(2).
int32_t clinux_close_range(uint32_t first, uint32_t last, uint32_t flags);
/// prctl(2).
int32_t clinux_prctl(int32_t option, uint64_t a, uint64_t b, uint64_t c, uint64_t d);
/// prlimit(2), to set.
int32_t clinux_set_resource_limit(int32_t pid, int32_t resource, uint64_t soft, uint64_t hard);
/// prlimit(2), to read.
int32_t clinux_resource_limit(int32_t pid, int32_t resource, uint64_t *soft, uint64_t *hard);
/// setresuid(2), the system call itself.
int32_t clinux_setresuid(uint32_t real, uint32_t effective, uint32_t saved);
/// setresgid(2), the system call itself.
int32_t clinux_setresgid(uint32_t real, uint32_t effective, uint32_t saved);
/// setfsuid(2), of the calling thread: the user before, whether or not the kernel took the new one.
uint32_t clinux_setfsuid(uint32_t id);
/// setfsgid(2), likewise.
uint32_t clinux_setfsgid(uint32_t id);
/// setgroups(2), the system call itself.
int32_t clinux_setgroups(uint64_t count, const uint32_t *groups);
/// sched_setattr(2) with the first version of struct sched_attr.
int32_t clinux_sched_setattr(int32_t pid, uint32_t policy, uint64_t flags, int32_t nice,
                             uint32_t priority, uint64_t runtime, uint64_t deadline,
                             uint64_t period);
/// ioprio_set(2).
int32_t clinux_ioprio_set(int32_t which, int32_t who, int32_t priority);
/// personality(2).
int32_t clinux_personality(uint64_t persona);
/// keyctl(2): KEYCTL_JOIN_SESSION_KEYRING.
int64_t clinux_join_session_keyring(const char *name);
/// keyctl(2): KEYCTL_SETPERM.
int64_t clinux_set_key_permissions(int64_t key, uint32_t permissions);
/// rt_sigprocmask(2) with SIG_SETMASK, on the kernel's 64 bit set; `old` may be null.
int32_t clinux_set_signal_mask(uint64_t mask, uint64_t *old);
/// signal(2) with SIG_DFL.
int32_t clinux_default_signal(int32_t signal);
/// sched_setaffinity(2) on a bit mask of `size` bytes.
int32_t clinux_sched_setaffinity(int32_t pid, uint64_t size, const uint64_t *mask);
/// set_mempolicy(2) with a bit mask of nodes; `count` is the number of its bits.
int32_t clinux_set_mempolicy(int32_t mode, const uint64_t *nodes, uint64_t count);

#endif
