#include "net/tls_bio.hpp"

#include <sys/socket.h>

#include <cerrno>

namespace sluice::net {
namespace {

TlsSocket& socket_of(BIO* bio) {
    return *static_cast<TlsSocket*>(BIO_get_data(bio));
}

bool is_retry(int error) {
    return error == EAGAIN || error == EWOULDBLOCK;
}

// recv or send, repeated when a signal interrupts it.
template <typename Call>
ssize_t uninterrupted(Call call) {
    for (;;) {
        const ssize_t result = call();
        if (result >= 0 || errno != EINTR) return result;
    }
}

int read(BIO* bio, char* into, int size) {
    TlsSocket& socket = socket_of(bio);
    BIO_clear_retry_flags(bio);
    const ssize_t count =
        uninterrupted([&] { return ::recv(socket.descriptor, into, static_cast<std::size_t>(size), 0); });
    if (count == 0) socket.eof = true;
    if (count < 0 && is_retry(errno))
        BIO_set_retry_read(bio);
    else if (count < 0)
        socket.error = errno;
    return static_cast<int>(count);
}

int write(BIO* bio, const char* from, int size) {
    TlsSocket& socket = socket_of(bio);
    BIO_clear_retry_flags(bio);
    const ssize_t count = uninterrupted(
        [&] { return ::send(socket.descriptor, from, static_cast<std::size_t>(size), MSG_NOSIGNAL); });
    if (count < 0 && is_retry(errno))
        BIO_set_retry_write(bio);
    else if (count < 0)
        socket.error = errno;
    return static_cast<int>(count);
}

long control(BIO* bio, int command, long, void*) {
    switch (command) {
        case BIO_CTRL_FLUSH:
            return 1;
        case BIO_CTRL_EOF:
            return socket_of(bio).eof ? 1 : 0;
        default:
            return 0;
    }
}

int create(BIO* bio) {
    BIO_set_init(bio, 1);
    return 1;
}

const BIO_METHOD* method() {
    static const BIO_METHOD* const made = [] {
        BIO_METHOD* m = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "sluice socket");
        if (m) {
            BIO_meth_set_create(m, create);
            BIO_meth_set_read(m, read);
            BIO_meth_set_write(m, write);
            BIO_meth_set_ctrl(m, control);
        }
        return m;
    }();
    return made;
}

}  // namespace

BIO* make_socket_bio(TlsSocket& socket) {
    const BIO_METHOD* const socket_method = method();
    BIO* bio = socket_method ? BIO_new(socket_method) : nullptr;
    if (bio) BIO_set_data(bio, &socket);
    return bio;
}

}  // namespace sluice::net
