#include "clinux_errno.h"

#include <errno.h>

int32_t clinux_errno(void) { return errno; }
