// libseccomp, the oracle of the tests of our own filters.
#include <seccomp.h>
