#define _GNU_SOURCE
#include "clinux_terminal.h"

#include <sys/ioctl.h>
#include <termios.h>

int32_t clinux_pty_number(int32_t primary, uint32_t *number) {
    return ioctl(primary, TIOCGPTN, number);
}

int32_t clinux_pty_unlock(int32_t primary) {
    int unlocked = 0;
    return ioctl(primary, TIOCSPTLCK, &unlocked);
}

int32_t clinux_pty_peer(int32_t primary, int32_t flags) {
    return ioctl(primary, TIOCGPTPEER, flags);
}

int32_t clinux_get_window_size(int32_t terminal, uint16_t *rows, uint16_t *columns) {
    struct winsize size = {0};
    int32_t result = ioctl(terminal, TIOCGWINSZ, &size);
    *rows = size.ws_row;
    *columns = size.ws_col;
    return result;
}

int32_t clinux_set_window_size(int32_t terminal, uint16_t rows, uint16_t columns) {
    struct winsize size = {.ws_row = rows, .ws_col = columns};
    return ioctl(terminal, TIOCSWINSZ, &size);
}

int32_t clinux_set_controlling_terminal(int32_t terminal, int32_t steal) {
    return ioctl(terminal, TIOCSCTTY, steal);
}

const uint64_t clinux_termios_size = sizeof(struct termios);

int32_t clinux_tcgetattr(int32_t terminal, void *termios) { return tcgetattr(terminal, termios); }

int32_t clinux_tcsetattr(int32_t terminal, const void *termios) {
    return tcsetattr(terminal, TCSANOW, termios);
}

void clinux_cfmakeraw(void *termios) { cfmakeraw(termios); }

void clinux_termios_onlcr(void *termios, int32_t enabled) {
    struct termios *settings = termios;
    settings->c_oflag = enabled ? settings->c_oflag | ONLCR : settings->c_oflag & ~ONLCR;
}
