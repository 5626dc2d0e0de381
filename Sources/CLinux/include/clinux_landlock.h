#ifndef CLINUX_LANDLOCK_H
#define CLINUX_LANDLOCK_H

#include <stdint.h>

/// landlock_create_ruleset(2), LANDLOCK_CREATE_RULESET_VERSION.
int32_t clinux_landlock_version(void);

/// landlock_create_ruleset(2). Members that an older kernel does not know have to be 0.
int32_t clinux_landlock_create_ruleset(uint64_t files, uint64_t ports, uint64_t scopes);

/// landlock_add_rule(2), LANDLOCK_RULE_PATH_BENEATH.
int32_t clinux_landlock_allow_beneath(int32_t ruleset, int32_t file, uint64_t access);

/// landlock_add_rule(2), LANDLOCK_RULE_NET_PORT.
int32_t clinux_landlock_allow_port(int32_t ruleset, uint16_t port, uint64_t access);

/// landlock_restrict_self(2).
int32_t clinux_landlock_restrict_self(int32_t ruleset, uint32_t flags);

#endif
