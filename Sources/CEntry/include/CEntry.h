#ifndef CENTRY_H
#define CENTRY_H

/// The program's first instructions on x86_64, in place of the C library's `_start`.
///
/// See entry.c; the linker is told of it in Package.swift.
void kade_entry(void);

#endif
