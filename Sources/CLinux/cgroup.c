#include "clinux_cgroup.h"

#include <linux/bpf.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

static int32_t has_type(const char *path, uint64_t type) {
    struct statfs found;
    return statfs(path, &found) == 0 && (uint64_t)found.f_type == type;
}

int32_t clinux_is_cgroup1(const char *path) { return has_type(path, CGROUP_SUPER_MAGIC); }

int32_t clinux_is_cgroup2(const char *path) { return has_type(path, CGROUP2_SUPER_MAGIC); }

static int32_t bpf(int command, union bpf_attr *attr) {
    return (int32_t)syscall(SYS_bpf, command, attr, sizeof *attr);
}

int32_t clinux_bpf_load_device_program(const void *instructions, uint32_t count, char *log,
                                       uint32_t log_size) {
    union bpf_attr attr;
    memset(&attr, 0, sizeof attr);
    attr.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
    attr.insns = (uint64_t)(uintptr_t)instructions;
    attr.insn_cnt = count;
    attr.license = (uint64_t)(uintptr_t) "Apache";
    attr.log_level = log_size != 0;
    attr.log_buf = (uint64_t)(uintptr_t)log;
    attr.log_size = log_size;
    return bpf(BPF_PROG_LOAD, &attr);
}

int32_t clinux_bpf_attach_device_program(int32_t cgroup, int32_t program) {
    union bpf_attr attr;
    memset(&attr, 0, sizeof attr);
    attr.target_fd = (uint32_t)cgroup;
    attr.attach_bpf_fd = (uint32_t)program;
    attr.attach_type = BPF_CGROUP_DEVICE;
    attr.attach_flags = BPF_F_ALLOW_MULTI;
    return bpf(BPF_PROG_ATTACH, &attr);
}

int32_t clinux_bpf_detach_device_program(int32_t cgroup, int32_t program) {
    union bpf_attr attr;
    memset(&attr, 0, sizeof attr);
    attr.target_fd = (uint32_t)cgroup;
    attr.attach_bpf_fd = (uint32_t)program;
    attr.attach_type = BPF_CGROUP_DEVICE;
    return bpf(BPF_PROG_DETACH, &attr);
}

int32_t clinux_bpf_query_device_programs(int32_t cgroup, uint32_t *ids, uint32_t capacity) {
    union bpf_attr attr;
    memset(&attr, 0, sizeof attr);
    attr.query.target_fd = (uint32_t)cgroup;
    attr.query.attach_type = BPF_CGROUP_DEVICE;
    attr.query.prog_ids = (uint64_t)(uintptr_t)ids;
    attr.query.prog_cnt = capacity;
    return bpf(BPF_PROG_QUERY, &attr) == 0 ? (int32_t)attr.query.prog_cnt : -1;
}

int32_t clinux_bpf_open_program(uint32_t id) {
    union bpf_attr attr;
    memset(&attr, 0, sizeof attr);
    attr.prog_id = id;
    return bpf(BPF_PROG_GET_FD_BY_ID, &attr);
}

int32_t clinux_eventfd(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }
