#define _GNU_SOURCE
#include "clinux_landlock.h"

#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

// As in linux/landlock.h, of which Debian 12 has an older one.
struct ruleset {
    uint64_t handled_access_fs;
    uint64_t handled_access_net;
    uint64_t scoped;
};
struct path_beneath {
    uint64_t allowed_access;
    int32_t parent_fd;
} __attribute__((packed));
struct net_port {
    uint64_t allowed_access;
    uint64_t port;
};

int32_t clinux_landlock_version(void) {
    return (int32_t)syscall(SYS_landlock_create_ruleset, NULL, (size_t)0, 1u);
}

int32_t clinux_landlock_create_ruleset(uint64_t files, uint64_t ports, uint64_t scopes) {
    struct ruleset ruleset = {files, ports, scopes};
    return (int32_t)syscall(SYS_landlock_create_ruleset, &ruleset, sizeof ruleset, 0u);
}

int32_t clinux_landlock_allow_beneath(int32_t ruleset, int32_t file, uint64_t access) {
    struct path_beneath rule = {access, file};
    return (int32_t)syscall(SYS_landlock_add_rule, ruleset, 1, &rule, 0u);
}

int32_t clinux_landlock_allow_port(int32_t ruleset, uint16_t port, uint64_t access) {
    struct net_port rule = {access, port};
    return (int32_t)syscall(SYS_landlock_add_rule, ruleset, 2, &rule, 0u);
}

int32_t clinux_landlock_restrict_self(int32_t ruleset, uint32_t flags) {
    return (int32_t)syscall(SYS_landlock_restrict_self, ruleset, flags);
}
