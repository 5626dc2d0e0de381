#ifndef CLINUX_TERMINAL_H
#define CLINUX_TERMINAL_H

#include <stdint.h>

/// ioctl_tty(2), TIOCGPTN: the number N of the terminal side, /dev/pts/N.
int32_t clinux_pty_number(int32_t primary, uint32_t *number);
/// ioctl_tty(2), TIOCSPTLCK: allows the terminal side to be opened.
int32_t clinux_pty_unlock(int32_t primary);
/// ioctl_tty(2), TIOCGPTPEER: opens the terminal side without a path.
int32_t clinux_pty_peer(int32_t primary, int32_t flags);
/// ioctl_tty(2), TIOCGWINSZ and TIOCSWINSZ.
int32_t clinux_get_window_size(int32_t terminal, uint16_t *rows, uint16_t *columns);
int32_t clinux_set_window_size(int32_t terminal, uint16_t rows, uint16_t columns);
/// ioctl_tty(2), TIOCSCTTY: makes the terminal the session's controlling terminal.
int32_t clinux_set_controlling_terminal(int32_t terminal, int32_t steal);

/// The size of termios, and its functions on raw memory of that size.
extern const uint64_t clinux_termios_size;
/// tcgetattr(3).
int32_t clinux_tcgetattr(int32_t terminal, void *termios);
/// tcsetattr(3) with TCSANOW.
int32_t clinux_tcsetattr(int32_t terminal, const void *termios);
/// cfmakeraw(3).
void clinux_cfmakeraw(void *termios);
/// Sets or clears ONLCR (a line feed is written as carriage return and line feed).
void clinux_termios_onlcr(void *termios, int32_t enabled);

#endif
