#define _GNU_SOURCE
#include "clinux_socket.h"

#include <linux/netlink.h>
#include <net/if.h>
#include <poll.h>
#include <stddef.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <unistd.h>

const int32_t clinux_SOCK_STREAM = SOCK_STREAM | SOCK_CLOEXEC;
const int32_t clinux_SOCK_SEQPACKET = SOCK_SEQPACKET | SOCK_CLOEXEC;
const int32_t clinux_SOCK_DGRAM = SOCK_DGRAM | SOCK_CLOEXEC;
const int32_t clinux_SOCK_RAW = SOCK_RAW | SOCK_CLOEXEC;
const int32_t clinux_MSG_DONTWAIT = MSG_DONTWAIT;
const int32_t clinux_MSG_TRUNC = MSG_TRUNC;
const int32_t clinux_MSG_CTRUNC = MSG_CTRUNC;
const int32_t clinux_MSG_PEEK = MSG_PEEK;

int32_t clinux_interface_up(int32_t socket, const char *name) {
    struct ifreq request;
    memset(&request, 0, sizeof request);
    strncpy(request.ifr_name, name, sizeof request.ifr_name - 1);
    request.ifr_flags = IFF_UP;
    return ioctl(socket, SIOCSIFFLAGS, &request);
}

int32_t clinux_unix_socket(int32_t type) { return socket(AF_UNIX, type, 0); }

int32_t clinux_unix_socketpair(int32_t type, int32_t *descriptors) {
    return socketpair(AF_UNIX, type, 0, descriptors);
}

int32_t clinux_unix_bind(int32_t socket, const void *path, uint64_t count) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memcpy(address.sun_path, path, count);
    return bind(
        socket, (struct sockaddr *)&address,
        (socklen_t)(offsetof(struct sockaddr_un, sun_path) + count));
}

int32_t clinux_unix_connect(int32_t socket, const void *path, uint64_t count) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memcpy(address.sun_path, path, count);
    return connect(
        socket, (struct sockaddr *)&address,
        (socklen_t)(offsetof(struct sockaddr_un, sun_path) + count));
}

int32_t clinux_listen(int32_t socket, int32_t backlog) { return listen(socket, backlog); }

int32_t clinux_accept(int32_t socket) { return accept4(socket, NULL, NULL, SOCK_CLOEXEC); }

int32_t clinux_peer_credentials(int32_t socket, int32_t *process, uint32_t *user, uint32_t *group) {
    struct ucred credentials = {0};
    socklen_t size = sizeof credentials;
    int32_t result = getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &size);
    *process = credentials.pid;
    *user = credentials.uid;
    *group = credentials.gid;
    return result;
}

int32_t clinux_set_buffer_sizes(int32_t socket, int32_t size_in_bytes) {
    return setsockopt(socket, SOL_SOCKET, SO_SNDBUF, &size_in_bytes, sizeof size_in_bytes)
        | setsockopt(socket, SOL_SOCKET, SO_RCVBUF, &size_in_bytes, sizeof size_in_bytes);
}

int32_t clinux_socket_type(int32_t socket, int32_t *type) {
    socklen_t size = sizeof *type;
    return getsockopt(socket, SOL_SOCKET, SO_TYPE, type, &size);
}

int32_t clinux_shutdown(int32_t socket, int32_t how) { return shutdown(socket, how); }

int64_t clinux_send(int32_t socket, const void *bytes, uint64_t count, int32_t flags) {
    return send(socket, bytes, count, flags | MSG_NOSIGNAL);
}

int64_t clinux_receive(int32_t socket, void *bytes, uint64_t count, int32_t flags) {
    return recv(socket, bytes, count, flags);
}

// The kernel's SCM_MAX_FD.
#define MAXIMUM_DESCRIPTORS 253

int64_t clinux_send_descriptors(
    int32_t socket, const void *bytes, uint64_t count, const int32_t *descriptors,
    uint32_t descriptor_count) {
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int) * MAXIMUM_DESCRIPTORS)] = {0};
    struct iovec vector = {.iov_base = (void *)bytes, .iov_len = count};
    struct msghdr message = {
        .msg_iov = &vector,
        .msg_iovlen = 1,
        .msg_control = control,
        .msg_controllen = CMSG_SPACE(sizeof(int) * descriptor_count),
    };
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int) * descriptor_count);
    memcpy(CMSG_DATA(header), descriptors, sizeof(int) * descriptor_count);
    return sendmsg(socket, &message, MSG_NOSIGNAL);
}

int64_t clinux_receive_descriptors(
    int32_t socket, void *bytes, uint64_t count, int32_t *descriptors,
    uint32_t *descriptor_count, int32_t *message_flags) {
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int) * MAXIMUM_DESCRIPTORS)] = {0};
    struct iovec vector = {.iov_base = bytes, .iov_len = count};
    struct msghdr message = {
        .msg_iov = &vector,
        .msg_iovlen = 1,
        .msg_control = control,
        .msg_controllen = sizeof control,
    };
    int64_t result = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
    struct cmsghdr *header = result < 0 ? NULL : CMSG_FIRSTHDR(&message);
    int arrived = header && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS;
    *descriptor_count =
        arrived ? (uint32_t)((header->cmsg_len - CMSG_LEN(0)) / sizeof(int)) : 0;
    memcpy(descriptors, control + CMSG_LEN(0), sizeof(int) * *descriptor_count);
    *message_flags = message.msg_flags;
    return result;
}

int32_t clinux_netlink_socket(int32_t family) {
    return socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, family);
}

int32_t clinux_poll(void *entries, uint64_t count, int32_t milliseconds) {
    return poll(entries, count, milliseconds);
}

int32_t clinux_epoll_create(void) { return epoll_create1(EPOLL_CLOEXEC); }

int32_t clinux_epoll_ctl(
    int32_t epoll, int32_t operation, int32_t descriptor, uint32_t events, uint64_t data) {
    struct epoll_event event = {.events = events, .data = {.u64 = data}};
    return epoll_ctl(epoll, operation, descriptor, &event);
}

int32_t clinux_epoll_wait(int32_t epoll, void *events, int32_t capacity, int32_t milliseconds) {
    return epoll_wait(epoll, events, capacity, milliseconds);
}

const uint64_t clinux_epoll_event_size = sizeof(struct epoll_event);
const uint64_t clinux_epoll_data_offset = offsetof(struct epoll_event, data);

int32_t clinux_signalfd(uint64_t mask) {
    return (int32_t)syscall(SYS_signalfd4, -1, &mask, sizeof mask, SFD_CLOEXEC | SFD_NONBLOCK);
}

const uint64_t clinux_signalfd_siginfo_size = sizeof(struct signalfd_siginfo);

int32_t clinux_timerfd(void) {
    return timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
}

int32_t clinux_timerfd_set(
    int32_t timer, int64_t seconds, int64_t nanoseconds, int64_t interval_seconds,
    int64_t interval_nanoseconds) {
    struct itimerspec times = {
        .it_value = {seconds, nanoseconds},
        .it_interval = {interval_seconds, interval_nanoseconds},
    };
    return timerfd_settime(timer, 0, &times, NULL);
}
