#ifndef CLINUX_ERRNO_H
#define CLINUX_ERRNO_H

#include <stdint.h>

/// The calling thread's errno.
int32_t clinux_errno(void);

#endif
