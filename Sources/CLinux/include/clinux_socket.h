#ifndef CLINUX_SOCKET_H
#define CLINUX_SOCKET_H

#include <stdint.h>

/// Socket types, with SOCK_CLOEXEC set.
extern const int32_t clinux_SOCK_STREAM;
extern const int32_t clinux_SOCK_SEQPACKET;
extern const int32_t clinux_SOCK_DGRAM;
extern const int32_t clinux_SOCK_RAW;

/// ioctl(2), SIOCSIFFLAGS with IFF_UP, for an interface of the socket's network namespace.
int32_t clinux_interface_up(int32_t socket, const char *name);

/// socket(2) and socketpair(2) of AF_UNIX.
int32_t clinux_unix_socket(int32_t type);
int32_t clinux_unix_socketpair(int32_t type, int32_t *descriptors);
/// bind(2) and connect(2) with a path of at most 107 bytes, or an abstract name (first byte 0).
int32_t clinux_unix_bind(int32_t socket, const void *path, uint64_t count);
int32_t clinux_unix_connect(int32_t socket, const void *path, uint64_t count);
/// listen(2).
int32_t clinux_listen(int32_t socket, int32_t backlog);
/// accept4(2) with SOCK_CLOEXEC.
int32_t clinux_accept(int32_t socket);
/// getsockopt(2), SO_PEERCRED.
int32_t clinux_peer_credentials(int32_t socket, int32_t *process, uint32_t *user, uint32_t *group);
/// setsockopt(2), SO_SNDBUF and SO_RCVBUF.
int32_t clinux_set_buffer_sizes(int32_t socket, int32_t size_in_bytes);
/// getsockopt(2), SO_TYPE.
int32_t clinux_socket_type(int32_t socket, int32_t *type);
/// shutdown(2): 0 reading, 1 writing, 2 both.
int32_t clinux_shutdown(int32_t socket, int32_t how);

/// send(2) with MSG_NOSIGNAL and the given flags.
int64_t clinux_send(int32_t socket, const void *bytes, uint64_t count, int32_t flags);
/// recv(2).
int64_t clinux_receive(int32_t socket, void *bytes, uint64_t count, int32_t flags);
/// sendmsg(2) with MSG_NOSIGNAL and descriptors as SCM_RIGHTS, at most 253 of them.
int64_t clinux_send_descriptors(
    int32_t socket, const void *bytes, uint64_t count, const int32_t *descriptors,
    uint32_t descriptor_count);
/// recvmsg(2) with MSG_CMSG_CLOEXEC: room for 253 descriptors; sets how many arrived and msg_flags.
int64_t clinux_receive_descriptors(
    int32_t socket, void *bytes, uint64_t count, int32_t *descriptors,
    uint32_t *descriptor_count, int32_t *message_flags);
extern const int32_t clinux_MSG_DONTWAIT;
extern const int32_t clinux_MSG_TRUNC;
extern const int32_t clinux_MSG_CTRUNC;
extern const int32_t clinux_MSG_PEEK;

/// socket(2) of AF_NETLINK, for one of its families (NETLINK_ROUTE is 0, NETLINK_NETFILTER 12).
int32_t clinux_netlink_socket(int32_t family);

/// ppoll(2) on an array of struct pollfd {int32_t, int16_t, int16_t}; milliseconds −1 waits for ever.
int32_t clinux_poll(void *entries, uint64_t count, int32_t milliseconds);

/// epoll_create1(2) with EPOLL_CLOEXEC, epoll_ctl(2), epoll_wait(2).
int32_t clinux_epoll_create(void);
int32_t clinux_epoll_ctl(
    int32_t epoll, int32_t operation, int32_t descriptor, uint32_t events, uint64_t data);
int32_t clinux_epoll_wait(int32_t epoll, void *events, int32_t capacity, int32_t milliseconds);
/// The layout of struct epoll_event, which is packed on x86-64 only.
extern const uint64_t clinux_epoll_event_size;
extern const uint64_t clinux_epoll_data_offset;

/// signalfd(2) with SFD_CLOEXEC and SFD_NONBLOCK; bit n − 1 of the mask is signal n.
int32_t clinux_signalfd(uint64_t mask);
/// The size of struct signalfd_siginfo.
extern const uint64_t clinux_signalfd_siginfo_size;
/// timerfd_create(2) on CLOCK_MONOTONIC with TFD_CLOEXEC and TFD_NONBLOCK.
int32_t clinux_timerfd(void);
/// timerfd_settime(2), relative.
int32_t clinux_timerfd_set(
    int32_t timer, int64_t seconds, int64_t nanoseconds, int64_t interval_seconds,
    int64_t interval_nanoseconds);

#endif
