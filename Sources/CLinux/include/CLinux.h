// What `import Glibc` hides from Swift, one header for each subject.
//
// Prototypes use stdint.h types only: a header that pulls in glibc under _GNU_SOURCE clashes with
// the Glibc module in the same compilation. Bodies are in the .c files, without loops or decisions.
#ifndef CLINUX_H
#define CLINUX_H

#include "clinux_cgroup.h"
#include "clinux_directories.h"
#include "clinux_errno.h"
#include "clinux_files.h"
#include "clinux_landlock.h"
#include "clinux_memory.h"
#include "clinux_mount.h"
#include "clinux_namespace.h"
#include "clinux_process.h"
#include "clinux_quota.h"
#include "clinux_seccomp.h"
#include "clinux_security.h"
#include "clinux_socket.h"
#include "clinux_terminal.h"

#endif
