#ifndef CLINUX_CGROUP_H
#define CLINUX_CGROUP_H

#include <stdint.h>

/// 1 when a version 1 cgroup hierarchy is mounted at the path (statfs(2)), else 0.
int32_t clinux_is_cgroup1(const char *path);

/// 1 when the version 2 cgroup hierarchy is mounted at the path (statfs(2)), else 0.
int32_t clinux_is_cgroup2(const char *path);

/// Loads a program of type BPF_PROG_TYPE_CGROUP_DEVICE (bpf(2)); returns its descriptor or -1.
///
/// `log` takes the verifier's words when `log_size` is not 0.
int32_t clinux_bpf_load_device_program(const void *instructions, uint32_t count, char *log,
                                       uint32_t log_size);

/// Attaches a program at BPF_CGROUP_DEVICE of a cgroup; 0 or -1.
int32_t clinux_bpf_attach_device_program(int32_t cgroup, int32_t program);

/// Detaches a program from BPF_CGROUP_DEVICE of a cgroup; 0 or -1.
int32_t clinux_bpf_detach_device_program(int32_t cgroup, int32_t program);

/// Asks for the ids of the programs at BPF_CGROUP_DEVICE of a cgroup; their number or -1.
int32_t clinux_bpf_query_device_programs(int32_t cgroup, uint32_t *ids, uint32_t capacity);

/// Opens the program of an id; its descriptor or -1.
int32_t clinux_bpf_open_program(uint32_t id);

/// Makes a counter that the kernel adds to (eventfd(2)), not blocking; its descriptor or -1.
int32_t clinux_eventfd(void);

#endif
